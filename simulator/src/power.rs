//! The power supply of one board: it can fail at any named step, before, during or after it.

use firmware_proto::platform::PlatformFault;
use serde::{Deserialize, Serialize};

/// A step at which power can fail: an operation of the hardware, or an answer on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The record is read at boot.
    LoadRecord,
    /// The record is replaced.
    StoreRecord,
    /// A token is made.
    Attest,
    /// The hardware is measured.
    SelfTest,
    /// The identity key and its CSR are made.
    MakeKey,
    /// The identity key signs.
    Sign,
    /// A credential, grant or commit is verified.
    Verify,
    /// A blob is written.
    WriteBlob,
    /// The receipt is written to non-volatile memory.
    WriteReceipt,
    /// The chain is written to its slot.
    InstallChain,
    /// The lifecycle fuses are blown.
    Lock,
    /// `Identity` is sent.
    AnswerIdentity,
    /// `Evidence` is sent.
    AnswerEvidence,
    /// `Measurements` is sent.
    AnswerMeasurements,
    /// `KeyEvidence` is sent.
    AnswerKeyEvidence,
    /// `ChunksReceived` is sent.
    AnswerChunksReceived,
    /// A `Chunk` is sent.
    AnswerChunk,
    /// `Installed` is sent.
    AnswerInstalled,
    /// `Proof` is sent.
    AnswerProof,
    /// `Receipt` is sent.
    AnswerReceipt,
    /// `Working` is sent.
    AnswerWorking,
    /// `Refused` is sent.
    AnswerRefused,
    /// `Done` or `NoCommonVersion` is sent.
    AnswerDone,
}

impl Step {
    /// Every step, for tests that walk through all of them.
    pub const ALL: &'static [Self] = &[
        Self::LoadRecord,
        Self::StoreRecord,
        Self::Attest,
        Self::SelfTest,
        Self::MakeKey,
        Self::Sign,
        Self::Verify,
        Self::WriteBlob,
        Self::WriteReceipt,
        Self::InstallChain,
        Self::Lock,
        Self::AnswerIdentity,
        Self::AnswerEvidence,
        Self::AnswerMeasurements,
        Self::AnswerKeyEvidence,
        Self::AnswerChunksReceived,
        Self::AnswerChunk,
        Self::AnswerInstalled,
        Self::AnswerProof,
        Self::AnswerReceipt,
        Self::AnswerWorking,
        Self::AnswerRefused,
        Self::AnswerDone,
    ];
}

/// Which side of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The step has no effect.
    Before,
    /// The step is half done: half a chain in its slot, half an answer on the wire. What is atomic
    /// by contract is not done at all.
    During,
    /// The step is done, and nobody has heard of it.
    After,
}

/// One power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PowerCut {
    /// At this step,
    pub step: Step,
    /// on this side of it,
    pub phase: Phase,
    /// when it happens for the n-th time, counted from 1 over the board's life.
    #[serde(default = "first")]
    pub occurrence: u32,
}

fn first() -> u32 {
    1
}

/// The supply of one board.
#[derive(Clone, Debug)]
pub struct Supply {
    on: bool,
    plan: Vec<PowerCut>,
    passed: Vec<(Step, u32)>,
    cuts: u32,
}

impl Supply {
    /// A supply that is on, and fails where the plan says, each entry once.
    #[must_use]
    pub fn new(plan: Vec<PowerCut>) -> Self {
        Self {
            on: true,
            plan,
            passed: Vec::new(),
            cuts: 0,
        }
    }

    /// Whether the board has power.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.on
    }

    /// How often it failed.
    #[must_use]
    pub const fn cuts(&self) -> u32 {
        self.cuts
    }

    /// Adds a cut to the plan.
    pub fn plan(&mut self, cut: PowerCut) {
        self.plan.push(cut);
    }

    /// Cuts now.
    pub fn cut(&mut self) {
        if self.on {
            self.on = false;
            self.cuts += 1;
        }
    }

    /// Switches off on purpose.
    pub fn switch_off(&mut self) {
        self.on = false;
    }

    /// Restores power.
    pub fn restore(&mut self) {
        self.on = true;
    }

    /// A step begins: counts it, and fails where power is or goes away before it.
    pub fn before(&mut self, step: Step) -> Result<(), PlatformFault> {
        if !self.on {
            return Err(PlatformFault);
        }
        if self.count(step) == 0 {
            self.passed.push((step, 0));
        }
        let known = self.passed.iter_mut().find(|(known, _)| *known == step);
        if let Some((_, count)) = known {
            *count += 1;
        }
        let count = self.count(step);
        self.strike(step, Phase::Before, count)
    }

    /// Whether power goes away in the middle of the step that began last.
    pub fn tears(&mut self, step: Step) -> bool {
        let count = self.count(step);
        self.strike(step, Phase::During, count).is_err()
    }

    /// A step has had its effect: fails where power goes away after it.
    pub fn after(&mut self, step: Step) -> Result<(), PlatformFault> {
        let count = self.count(step);
        self.strike(step, Phase::After, count)
    }

    fn count(&self, step: Step) -> u32 {
        let known = self.passed.iter().find(|(known, _)| *known == step);
        known.map_or(0, |(_, count)| *count)
    }

    fn strike(&mut self, step: Step, phase: Phase, count: u32) -> Result<(), PlatformFault> {
        let planned = self
            .plan
            .iter()
            .position(|cut| cut.step == step && cut.phase == phase && cut.occurrence == count);
        if let Some(index) = planned {
            self.plan.remove(index);
            self.cut();
        }
        if self.on { Ok(()) } else { Err(PlatformFault) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_fails_once_where_it_was_planned() {
        let mut supply = Supply::new(vec![PowerCut {
            step: Step::MakeKey,
            phase: Phase::After,
            occurrence: 2,
        }]);
        for _ in 0..2 {
            supply.before(Step::Sign).unwrap();
            supply.after(Step::Sign).unwrap();
        }
        supply.before(Step::MakeKey).unwrap();
        supply.after(Step::MakeKey).unwrap();
        supply.before(Step::MakeKey).unwrap();
        assert!(!supply.tears(Step::MakeKey));
        assert_eq!(supply.after(Step::MakeKey), Err(PlatformFault));
        assert!(!supply.is_on());
        assert_eq!(supply.before(Step::Sign), Err(PlatformFault));
        supply.restore();
        supply.before(Step::MakeKey).unwrap();
        supply.after(Step::MakeKey).unwrap();
        assert_eq!(supply.cuts(), 1);
    }
}
