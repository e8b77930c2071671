//! What many cases found wrong: each kind once, with the first case that showed it.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// By what is wrong: how often, and where first.
#[derive(Debug, Default)]
pub(crate) struct Found(BTreeMap<String, (u64, String)>);

impl Found {
    /// Notes what a case finds wrong.
    pub(crate) fn within(&mut self, name: &str, case: impl FnOnce()) {
        let Err(wrong) = catch_unwind(AssertUnwindSafe(case)) else { return };
        let text = wrong.downcast_ref::<String>().cloned();
        let text = text.or_else(|| wrong.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
        self.0.entry(text).or_insert_with(|| (0, name.to_owned())).0 += 1;
    }

    /// Fails if anything was wrong.
    pub(crate) fn end(self) {
        let told = self.0.iter().map(|(wrong, (times, first))| format!("{times} times, first {first}:\n  {wrong}\n"));
        let told: Vec<String> = told.collect();
        assert!(told.is_empty(), "{} kinds:\n{}", told.len(), told.concat());
    }
}
