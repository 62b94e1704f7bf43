//! Newcomers that nothing which is known could be, and that nothing else says too: each is an article of
//! its own, under its own rule id, whatever is decided about others. So they are told apart where they
//! lie, and a first run of a million documents holds none of them. What makes a stranger is the exact
//! opposite of what [`diff`](super::diff) knows an article again by; whoever adds a key there adds it
//! here.

use std::collections::BTreeMap;

use rusqlite::params;

use super::diff::KnownArticle;
use super::lock::Lock;
use super::{Catalog, Error};

/// `related` holds all by which something that is known could be known again: rule ids, ids, links,
/// titles, paths, instants and bodies, of whatever type. One that is there by chance costs a look.
pub(super) const TABLES: &str = "
    create temp table if not exists related (key primary key) without rowid;
    create temp table if not exists stranger (sighting integer primary key, source text not null);
    delete from temp.related;
    delete from temp.stranger;";

/// Sightings of documents that nobody knew: dated full articles with a rule id and a link that no other
/// sighting has, no body of an article that is up, and nothing that is related.
const STRANGERS: &str = "
    insert into stranger
    select s.sighting, s.source
    from touched t cross join sighting s on s.version = t.version
    where t.fresh = 1 and s.capture = 0 and s.rank = 0 and s.published is not null
      and not exists (select 1 from sighting o where o.rule_id = s.rule_id
                      and o.sighting <> s.sighting)
      and not exists (select 1 from sighting o where o.link = s.link and o.link <> o.rule_id
                      and o.sighting <> s.sighting)
      and (s.link = s.rule_id or not exists
           (select 1 from sighting o where o.rule_id = s.link and o.link = s.link))
      and not exists (select 1 from article a where a.id = s.rule_id)
      and not exists (select 1 from article a where a.rule_id = s.rule_id and a.rule_id <> a.id)
      and not exists (select 1 from sighting o cross join article a on a.sighting = o.sighting
                      where o.body = s.body and o.source = s.source)
      and not exists (select 1 from related where key in
                      (s.rule_id, s.link, s.title, s.path, s.published, s.body))";

impl Catalog {
    /// Finds the strangers among what is touched: how many each source has. `known` is all that they
    /// could be.
    pub(super) fn find_strangers(
        &self,
        known: &[KnownArticle],
        lock: &Lock,
    ) -> Result<BTreeMap<String, u64>, Error> {
        self.relate(known, lock)?;
        self.db.execute(STRANGERS, []).map_err(Error::database)?;
        let mut strangers = BTreeMap::new();
        self.rows("select source, count(*) from temp.stranger group by source", |row| {
            strangers.insert(row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned());
            Ok(())
        })?;
        Ok(strangers)
    }

    fn relate(&self, known: &[KnownArticle], lock: &Lock) -> Result<(), Error> {
        let mut insert = self
            .db
            .prepare_cached("insert or ignore into related values (?)")
            .map_err(Error::database)?;
        for k in known {
            let texts = [&k.id, &k.rule_id, &k.link, &k.title, &k.path];
            for text in texts.into_iter().filter(|t| !t.is_empty()) {
                insert.execute([text]).map_err(Error::database)?;
            }
            if let Some(published) = k.published {
                insert.execute([published]).map_err(Error::database)?;
            }
            if let Some(body) = k.body {
                insert.execute(params![body.0]).map_err(Error::database)?;
            }
        }
        let named = lock.ids.iter().flat_map(|(rule, id)| [rule, id]).chain(lock.gone.keys());
        for id in named {
            insert.execute([id]).map_err(Error::database)?;
        }
        for id in self.unwritten_gone()?.keys() {
            insert.execute([id]).map_err(Error::database)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
