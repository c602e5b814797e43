//! The batch that most tests bend.

use super::batch::TestBatch;
use crate::verdict::VerdictCode;

impl TestBatch {
    /// A batch in which everything happens that a line can see.
    pub(super) fn of_every_kind() -> Self {
        let mut this = Self::open();
        this.pass("lane-1", 1);
        // Fails its self-test, passes the second time.
        this.plug_in("lane-2", 2);
        this.attest(2, VerdictCode::Pass, "2.5.1");
        this.verdict("lane-2", VerdictCode::HwLimit, Some(2));
        this.pass("lane-2", 2);
        // Old firmware; its lane is held.
        this.plug_in("lane-1", 3);
        this.attest(3, VerdictCode::FwVersion, "2.4.0");
        this.verdict("lane-1", VerdictCode::FwVersion, Some(3));
        this.hold("lane-1");
        // Somebody claims to be the first board; it stays passed.
        this.plug_in("lane-2", 1);
        this.attest(1, VerdictCode::AttKeyUnknown, "6.6.6");
        this.verdict("lane-2", VerdictCode::AttKeyUnknown, None);
        // The first board itself comes back.
        this.plug_in("lane-1", 1);
        this.attest(1, VerdictCode::Pass, "2.5.1");
        this.verdict("lane-1", VerdictCode::AlreadyProvisioned, Some(1));
        // Doesn't keep its certificate.
        this.plug_in("lane-2", 4);
        this.attest(4, VerdictCode::Pass, "2.5.1");
        this.issue(4, 104);
        this.revoke(4, 104);
        this.verdict("lane-2", VerdictCode::InstallReadback, Some(4));
        // In doubt, and revoked before the batch was closed.
        this.plug_in("lane-1", 5);
        this.attest(5, VerdictCode::Pass, "2.5.1");
        this.issue(5, 105);
        this.verdict("lane-1", VerdictCode::InDoubt, Some(5));
        this.revoke(5, 105);
        // Noise only: nobody said who it is.
        this.session += 1;
        this.verdict("lane-2", VerdictCode::LinkNoise, None);
        // The station was killed before it said anything.
        this.plug_in("lane-1", 6);
        // A good board of an earlier batch.
        this.plug_in("lane-2", 7);
        this.attest(7, VerdictCode::Pass, "2.5.1");
        this.verdict("lane-2", VerdictCode::AlreadyProvisioned, Some(7));
        // It claims to be the first board and proves to be that one; the station was killed.
        this.plug_in("lane-2", 1);
        this.attest(7, VerdictCode::Pass, "2.5.1");
        this.scrap(4, "=dented");
        this.clear_batch();
        this
    }
}
