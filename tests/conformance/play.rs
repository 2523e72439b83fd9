//! Plays sections: arranges, acts, judges, asks `check`, counts.

#![forbid(unsafe_code)]

use std::ffi::OsStr;

use crate::act::act;
use crate::arrange::arrange;
use crate::ask::{Answer, ask, leaves_no_trace};
use crate::cast::Cast;
use crate::judge::{judge, source};
use crate::language::{Case, Expected, Section, Step, What};
use crate::lasting;
use crate::number::with_numbers;
use crate::stage::{Stage, acting};
use crate::totals::Totals;

/// The cast, and the daemon of the section that was played last.
pub(crate) struct Play {
    cast: Cast,
    stage: Option<(Vec<String>, Stage)>,
}

impl Play {
    pub(crate) fn new(cast: Cast) -> Play {
        Play { cast, stage: None }
    }

    /// Plays one section on a fresh tree.
    pub(crate) fn section(&mut self, section: &Section, totals: &mut Totals) {
        if self.stage.as_ref().is_none_or(|(options, _)| *options != section.options) {
            self.stage = None; // ends the daemon before another starts
            self.stage = Some((section.options.clone(), Stage::start(&section.options)));
        }
        let Some((_, stage)) = self.stage.as_mut() else { return };
        stage.reset(&self.cast);
        totals.section();
        let mut cast = self.cast.clone();
        for step in &section.steps {
            let done = match &step.what {
                What::Arrange(words) => arrange(stage, &mut cast, words),
                What::Case(case) => play(stage, &cast, case, totals),
            };
            if let Err(came) = done {
                let Step { at, text, .. } = step;
                totals.failure(format!("{at} [{}]: {text}\n    came: {came}", section.name));
            }
        }
    }
}

fn play(stage: &Stage, cast: &Cast, case: &Case, totals: &mut Totals) -> Result<(), String> {
    let actor = cast.find(&case.caller).ok_or_else(|| format!("nobody is called {}", case.caller))?;
    totals.case(&actor.class, case.operation);
    let numbered = with_numbers(stage, case)?;
    let (case, file) = match &numbered {
        Some((numbered, file)) => (numbered, OsStr::new(file)),
        None => (case, case.arguments[0].as_os_str()),
    };
    let source = source(&stage.lower().join(file));
    let mount = stage.mount();
    let came = lasting::act(stage, actor.uid, case)
        .unwrap_or_else(|| acting(actor.uid, || act(case.operation, &mount, &case.arguments)));
    let judged = judge(case, &came, source.as_deref());
    let explained = explain(stage, actor.uid, case, judged.is_ok(), totals);
    judged.and(explained)
}

/// Whether `check` says the same of the case.
fn explain(stage: &Stage, uid: u32, case: &Case, judged: bool, totals: &mut Totals) -> Result<(), String> {
    if case.arguments.iter().any(|argument| argument.to_str().is_none()) {
        return Ok(()); // `check` takes text
    }
    if let Some(rule) = &case.rule {
        let refused = ask(stage, uid, case).and_then(|answer| names(&answer, case, rule));
        totals.refusal(rule, judged && refused.is_ok());
        return refused;
    }
    let allowed = !matches!(case.expected, Expected::Errno(_) | Expected::Unlisted);
    if !judged || !allowed || !leaves_no_trace(case) {
        return Ok(());
    }
    let answer = ask(stage, uid, case)?;
    // A view that hides shows all where there is nothing to hide.
    let hides = answer.view.as_deref() == Some("redacted");
    if !answer.allowed || (case.expected == Expected::Redacted && !hides) {
        return Err(format!("as expected, but check says {answer:?}"));
    }
    Ok(())
}

fn names(answer: &Answer, case: &Case, rule: &str) -> Result<(), String> {
    let errno = match &case.expected {
        Expected::Errno(errno) => Some(errno),
        _ => None,
    };
    let same = errno.is_none_or(|errno| answer.errno.as_ref() == Some(errno));
    if !answer.allowed && answer.rule == rule && same {
        return Ok(());
    }
    let Answer { allowed, errno, rule, .. } = answer;
    let verdict = if *allowed { "allowed" } else { errno.as_deref().unwrap_or("refused") };
    Err(format!("as expected, but check says {verdict} by {rule}"))
}
