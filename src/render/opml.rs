//! The declared feeds as a list of subscriptions for reader programs: OPML 2.0 (standards §4.3).
//! Without dates, which would change the file with every article.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Error, Listed, text};
use crate::feed::address::Address;
use crate::feed::{Format, Site};

/// The list. Each feed is named once, by its RSS address, which every reader understands.
///
/// # Errors
/// Fails without `site.base_url`: a list of relative addresses is of no use outside its site.
pub fn render(site: &Site, feeds: &[Listed<'_>]) -> Result<Vec<u8>, Error> {
    let base = site.base_url.as_ref().ok_or(Error::NoBaseUrl)?;
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    let opml = writer.create_element("opml").with_attribute(("version", "2.0"));
    opml.write_inner_content(|w| {
        w.create_element("head").write_inner_content(|w| {
            let title = text::line(&site.title);
            w.create_element("title").write_text_content(BytesText::new(&title))?;
            let docs = BytesText::new("http://opml.org/spec2.opml");
            w.create_element("docs").write_text_content(docs)?;
            Ok(())
        })?;
        w.create_element("body").write_inner_content(|w| {
            for listed in feeds {
                outline(w, base, site, listed)?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    let mut out = writer.into_inner();
    out.push(b'\n');
    Ok(out)
}

fn outline(
    writer: &mut Writer<Vec<u8>>,
    base: &url::Url,
    site: &Site,
    listed: &Listed<'_>,
) -> std::io::Result<()> {
    let feed = listed.feed;
    let title = text::line(&feed.title);
    let address = Address::Edition(feed.name.clone(), Format::Rss).absolute(base);
    let home = text::url(&feed.home);
    let description = text::line(&feed.description);
    let language = feed.language.as_deref().or(site.language.as_deref()).map(text::line);
    let mut outline = writer
        .create_element("outline")
        .with_attribute(("text", title.as_str()))
        .with_attribute(("type", "rss"))
        .with_attribute(("xmlUrl", address.as_str()))
        .with_attribute(("title", title.as_str()))
        .with_attribute(("htmlUrl", home.as_str()))
        .with_attribute(("description", description.as_str()));
    if let Some(language) = language.as_deref().filter(|l| !l.is_empty()) {
        outline = outline.with_attribute(("language", language));
    }
    outline.with_attribute(("version", "RSS2")).write_empty()?;
    Ok(())
}
