//! The lines of a report, one for each check.

use crate::failure::{Failure, Outcome};
use crate::output::{BAD, DIM, DOUBTFUL, GOOD, Output, Progress};
use serde_json::{Value, json};
use std::fmt;
use wasp_core::Function;

/// What is reported, as it comes.
pub struct Report<'a> {
    output: &'a Output,
    lines: Vec<Value>,
    failures: usize,
}

impl<'a> Report<'a> {
    /// Begins one.
    pub fn new(output: &'a Output) -> Self {
        Self { output, lines: Vec::new(), failures: 0 }
    }

    /// Says which function is checked, until the result is dropped.
    pub fn progress(&self, check: &str, function: &Function) -> Progress {
        self.output.progress(format_args!("{check}: {}", function.name))
    }

    /// Reports a rule that is kept.
    pub fn passed(&mut self, check: &str, detail: impl fmt::Display) -> Outcome {
        self.line("ok", GOOD, check, detail)
    }

    /// Reports a rule that is broken.
    pub fn failed(&mut self, check: &str, detail: impl fmt::Display) -> Outcome {
        self.failures += 1;
        self.line("failed", BAD, check, detail)
    }

    /// Reports what is allowed, but hardly meant so.
    pub fn doubtful(&mut self, check: &str, detail: impl fmt::Display) -> Outcome {
        self.line("doubtful", DOUBTFUL, check, detail)
    }

    /// Reports what can't be checked.
    pub fn skipped(&mut self, check: &str, detail: impl fmt::Display) -> Outcome {
        self.line("skipped", DIM, check, detail)
    }

    /// Reports a check of many functions: what failed for each, or how many kept the rule.
    pub fn functions(&mut self, check: &str, checked: usize, failures: &[String]) -> Outcome {
        if !failures.is_empty() {
            return self.failed(check, failures.join("; "));
        }
        match checked {
            0 => self.skipped(check, "there is no function to call for it"),
            1 => self.passed(check, "1 function"),
            _ => self.passed(check, format_args!("{checked} functions")),
        }
    }

    fn line(
        &mut self,
        verdict: &str,
        style: anstyle::Style,
        check: &str,
        detail: impl fmt::Display,
    ) -> Outcome {
        let detail = wasp_core::visible(&detail.to_string()).into_owned();
        if self.output.json {
            self.lines.push(json!({ "check": check, "verdict": verdict, "detail": detail }));
            return Ok(());
        }
        self.output.line(format_args!("{style}{verdict:<9}{style:#} {check:<12} {detail}"))
    }

    /// Ends the report. Fails where a check did.
    pub fn end(self) -> Outcome {
        let passed = self.failures == 0;
        if self.output.json {
            self.output.value(&json!({ "passed": passed, "checks": self.lines }))?;
        }
        if passed { Ok(()) } else { Err(Failure::reported()) }
    }
}
