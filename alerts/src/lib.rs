//! Runbooks of the alerts, inside both programs: the link in an alert works as long as one of them
//! runs.
//!
//! | path | answers |
//! |---|---|
//! | `/runbooks/` | a list of all runbooks |
//! | `/runbooks/NAME` | one runbook as a page |
//! | `/runbooks/NAME.md` | the same as it is written |
//!
//! The files lie in `alerts/runbooks`. They are ours, so they may hold HTML.

use std::path::Path;

use askama::Template;
use include_dir::{Dir, include_dir};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};
use toolkit::http::{Response, Route};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runbooks");

/// Name of the list.
const INDEX: &str = "Runbooks";

/// One runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runbook {
    /// Name of its alert, or of what is to be done: `BackupTooOld`, `RestoreRedis`.
    pub name: &'static str,
    /// Text as it is written, in Markdown.
    pub text: &'static str,
}

#[derive(Template)]
#[template(path = "runbook.html")]
struct Page<'a> {
    title: &'a str,
    body: &'a str,
    program: &'a str,
}

/// All runbooks, by name.
pub fn runbooks() -> Vec<Runbook> {
    let mut found = Vec::new();
    collect(&FILES, &mut found);
    found.sort_by_key(|runbook| runbook.name);
    found
}

fn collect(directory: &'static Dir<'static>, found: &mut Vec<Runbook>) {
    for file in directory.files() {
        let name = file.path().file_stem().and_then(|stem| stem.to_str());
        if let (Some(name), Some(text)) = (name, file.contents_utf8()) {
            found.push(Runbook { name, text });
        }
    }
    for below in directory.dirs() {
        collect(below, found);
    }
}

/// The paths of the table above, for the program of this name.
pub fn routes(program: &'static str) -> Vec<Route> {
    let mut routes = Vec::new();
    for Runbook { name, text } in runbooks() {
        routes.push(Route::get(format!("/runbooks/{name}"), move || {
            page(program, name, text)
        }));
        routes.push(Route::get(format!("/runbooks/{name}.md"), move || {
            Response::ok("text/markdown; charset=utf-8", text)
        }));
    }
    routes.push(Route::get("/runbooks/", move || {
        page(program, INDEX, &index())
    }));
    routes
}

/// The list of all runbooks, in Markdown.
fn index() -> String {
    let names = runbooks().into_iter().map(|it| it.name);
    let items = names.map(|name| format!("- [{name}]({name})\n"));
    format!("# {INDEX}\n\n{}", items.collect::<String>())
}

fn page(program: &str, name: &str, text: &str) -> Response {
    let page = Page {
        title: name,
        body: &html(text),
        program,
    };
    // A template whose values are all text cannot fail; the text itself helps as well.
    match page.render() {
        Ok(page) => Response::ok("text/html; charset=utf-8", page),
        Err(_) => Response::ok("text/plain; charset=utf-8", text.to_owned()),
    }
}

/// Markdown as HTML. Links between runbooks lead to their pages.
fn html(text: &str) -> String {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).map(|event| match event {
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url: page_of(dest_url),
            title,
            id,
        }),
        other => other,
    });
    let mut page = String::with_capacity(text.len() * 2);
    html::push_html(&mut page, events);
    page
}

/// The page that a link between files means: that of `scenarios/RestoreRedis.md` is `RestoreRedis`.
fn page_of(link: CowStr<'_>) -> CowStr<'_> {
    let path = Path::new(&*link);
    let is_file = path.extension().is_some_and(|it| it == "md") && !link.contains("://");
    match path.file_stem().and_then(|stem| stem.to_str()) {
        Some(name) if is_file => CowStr::from(name.to_owned()),
        _ => link,
    }
}

#[cfg(test)]
mod tests;
