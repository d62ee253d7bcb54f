//! A report, as its page holds it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Where the data of a page begin, and where they end.
const DATA: [&str; 2] = ["<script type=\"application/json\" id=\"report\">", "</script>"];

/// A page that was written.
pub(crate) struct Page {
    pub(crate) html: String,
    /// The JSON in it, as it stands there.
    pub(crate) json: String,
    pub(crate) report: Value,
}

impl Page {
    pub(crate) fn read(path: &Path) -> Self {
        let html = fs::read_to_string(path).unwrap();
        let (_, rest) = html.split_once(DATA[0]).expect("the page has data");
        let json = rest.split_once(DATA[1]).unwrap().0.to_owned();
        let report = serde_json::from_str(&json).expect("the data are JSON");
        Self { html, json, report }
    }

    /// How things are after the event at a position, as the page finds it.
    pub(crate) fn states_at(&self, position: u64) -> BTreeMap<String, String> {
        let states = &self.report["states"];
        let subjects = states["subjects"].as_array().unwrap();
        let name = |place: usize| subjects[place][0].as_str().unwrap().to_owned();
        let before = |place: usize| Some((name(place), subjects[place][1].as_str()?.to_owned()));
        let mut known: BTreeMap<_, _> = (0..subjects.len()).filter_map(before).collect();
        for change in states["changes"].as_array().unwrap() {
            if change[0].as_u64().unwrap() > position {
                break;
            }
            let subject = name(change[1].as_u64().unwrap() as usize);
            match change[2].as_str() {
                Some(state) => drop(known.insert(subject, state.to_owned())),
                None => drop(known.remove(&subject)),
            }
        }
        known
    }

    /// What a command is called, whom it is about, and who sent it, as the page says it.
    pub(crate) fn text_of(&self, command: &Value) -> String {
        let text = &self.report["texts"][command["text"].as_u64().unwrap() as usize];
        let part = |index: usize| text[index].as_str();
        let Some(behind) = part(1) else { return part(0).unwrap().to_owned() };
        let mut events = self.events().iter();
        let of = events.find(|event| event["position"] == command["events"][0]).unwrap()["of"].as_str().unwrap();
        format!("{}{of:?}{behind}", part(0).unwrap())
    }

    /// The events.
    pub(crate) fn events(&self) -> &[Value] {
        self.report["events"].as_array().unwrap()
    }

    /// What was typed and answered.
    pub(crate) fn session(&self) -> Vec<(&str, &str)> {
        let statements = self.report["session"]["statements"].as_array().unwrap();
        statements.iter().map(|one| (one["statement"].as_str().unwrap(), one["answer"].as_str().unwrap())).collect()
    }
}
