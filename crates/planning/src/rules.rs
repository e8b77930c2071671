//! The rules by which keepers are chosen, and the folders they name.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use pixtwin_actions::plan::{Group, Header, this_host};
use pixtwin_engine::keep::{DEFAULT, Rule};

use crate::{look::roots_of, names::shown};

/// A rule, and how it was written.
#[derive(Clone, Debug)]
pub struct KeepRule {
    /// As it was written.
    pub text: String,
    /// What it says.
    pub rule: Rule,
}

impl KeepRule {
    /// Reads a rule as users write it: `oldest`, `in=DIR`, `name=GLOB`.
    ///
    /// # Errors
    /// If it is no rule, and why.
    pub fn parse(text: &OsStr) -> Result<Self, String> {
        Ok(Self { text: shown(Path::new(text)).into_owned(), rule: Rule::parse(text)? })
    }

    /// The rules if none are given.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        DEFAULT.iter().filter_map(|text| Self::parse(OsStr::new(text)).ok()).collect()
    }
}

/// What a plan goes by, beside the groups.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The rules, in order; their folders as [`Rules::settle`] leaves them.
    pub rules: Vec<KeepRule>,
    /// The folders of which nothing goes, as [`Rules::settle`] leaves them.
    pub references: Vec<PathBuf>,
    /// What was searched, in order, if that is known; as [`Rules::settle`] leaves it.
    pub roots: Option<Vec<PathBuf>>,
}

impl Rules {
    /// Makes every folder one without symbolic links.
    ///
    /// # Errors
    /// The folder that cannot be read, and why.
    pub fn settle(&mut self) -> Result<(), (PathBuf, io::Error)> {
        let named = self.rules.iter_mut().filter_map(|KeepRule { rule, .. }| match rule {
            Rule::In(folder) | Rule::NotIn(folder) => Some(folder),
            _ => None,
        });
        let places = named.chain(&mut self.references).chain(self.roots.iter_mut().flatten());
        for place in places {
            *place = place.canonicalize().map_err(|cause| (place.clone(), cause))?;
        }
        Ok(())
    }

    /// The first line of a plan of these groups, made at this time.
    #[must_use]
    pub fn header(&self, groups: &[Group], made_s: i64) -> Header {
        Header {
            host: this_host(),
            made_s,
            roots: self.roots.clone().unwrap_or_else(|| roots_of(groups)),
            references: self.references.clone(),
            rules: self.rules.iter().map(|rule| rule.text.clone()).collect(),
        }
    }

    pub(crate) fn is_reference(&self, path: &Path) -> bool {
        self.references.iter().any(|folder| path.starts_with(folder))
    }

    /// The first place searched that a path is below.
    pub(crate) fn argument(&self, path: &Path) -> Option<usize> {
        match &self.roots {
            Some(roots) => roots.iter().position(|root| path.starts_with(root)),
            None => Some(0),
        }
    }
}
