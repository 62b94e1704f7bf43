//! Lines of `feeds.lock` that give one rule different ids, as a union merge of two branches leaves them:
//! the one that is published counts, else the first by bytes. A person must take the others out.

use super::publish::standing_manifest;
use super::{Plan, Report};
use crate::catalog::lock::Lock;
use crate::catalog::{self, Catalog};
use crate::problem::{Code, Place, Problem};

pub(crate) const TWICE: Code = Code::new("lock-id-twice");

/// Lets those count that are published, and tells of each.
pub(super) fn settle(
    plan: &Plan,
    lock: &mut Lock,
    catalog: &Catalog,
    report: &mut Report,
) -> Result<(), catalog::Error> {
    if lock.doubles.is_empty() {
        return Ok(());
    }
    let manifest = if catalog.is_empty()? { standing_manifest(plan) } else { None };
    let known_rule = |id: &str| -> Result<Option<String>, catalog::Error> {
        let learned = manifest.as_ref().and_then(|m| m.entries.get(id));
        Ok(catalog.rule_of(id)?.or_else(|| learned.map(|entry| entry.rule_id.clone())))
    };
    for (rule, ids) in &lock.doubles {
        let mut published: Option<(bool, &str)> = None;
        for (id, _) in ids {
            // One that is published under this very rule is surer than one under another.
            if let Some(of) = known_rule(id)? {
                let same = of == *rule;
                if published.is_none_or(|(surer, _)| same && !surer) {
                    published = Some((same, id));
                }
            }
        }
        let counts = published.map_or(ids[0].0.as_str(), |(_, id)| id).to_owned();
        let why = if published.is_some() { "which is published" } else { "the first by bytes" };
        for (id, line) in ids.iter().filter(|(id, _)| *id != counts) {
            let line = u32::try_from(*line).unwrap_or(u32::MAX);
            let message =
                format!("{rule} has another id in this lock, too; {counts}, {why}, counts");
            report.problems.push(
                Problem::warning(&TWICE, Place::at(plan.lock.to_string_lossy(), line, 1), message)
                    .help(format!("remove the line that gives it {id}")),
            );
        }
        lock.ids.insert(rule.clone(), counts);
    }
    Ok(())
}
