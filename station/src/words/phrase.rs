//! Every phrase of the terminal by name, as each language's table must have it; `{0}`, `{1}` are what is filled in.
listed! {
    /// A phrase.
    Phrase:
    /// The outcome of a good board.
    Pass,
    /// The outcome of a bad board.
    Fail,
    /// The outcome where the station is at fault.
    Error,
    /// A lane that takes no board.
    Held,
    /// No board is in work.
    StepAwaitingBoard,
    /// Step 1 of 8.
    StepIdentified,
    /// Step 2 of 8.
    StepAttested,
    /// Step 3 of 8.
    StepMeasured,
    /// Step 4 of 8.
    StepKeyBound,
    /// Step 5 of 8.
    StepIssued,
    /// Step 6 of 8.
    StepInstalled,
    /// Step 7 of 8.
    StepProven,
    /// Step 8 of 8.
    StepCommitted,
    /// The lane has not said anything.
    LaneStarting,
    /// The port cannot be opened.
    LaneNoPort,
    /// The port is open, nobody answers.
    LaneSilent,
    /// The lane waits for a scan.
    LaneAwaitsLabel,
    /// The line is not running.
    LaneIdle,
    /// The lane's thread has ended.
    LaneEnded,
    /// To do where nobody answers.
    CheckCable,
    /// To do at a hold.
    CallSupervisor,
    /// Value and limits; 0 name, 1 value, 2 low, 3 high.
    Measured,
    /// Why a lane or batch is held; 0 rule, 1 what was found, 2 its limit.
    StopRule,
    /// The same; 3 among how many boards.
    StopRuleAmong,
    /// 0 seconds.
    ClockBack,
    /// 0 seconds.
    ClockAhead,
    /// Text that stays English; 0 the text.
    Technical,
    /// The line has ended by a fault of the station.
    LineFault,
    /// Name of the screen.
    ScreenLine,
    /// Name of the screen.
    ScreenBatch,
    /// Name of the screen.
    ScreenDevice,
    /// Name of the screen.
    ScreenAlarms,
    /// Name of the screen.
    ScreenLane,
    /// Name of the screen.
    ScreenLog,
    /// Names a key's work.
    KeyHelp,
    /// Names a key's work.
    KeyLeave,
    /// Names a key's work.
    KeySignOut,
    /// Label.
    Product,
    /// Label.
    Batch,
    /// Label.
    WorkOrder,
    /// Label.
    Operator,
    /// Label of the progress.
    Done,
    /// Label: first-pass yield.
    Yield,
    /// Label: boards an hour.
    Rate,
    /// Label.
    TimeLeft,
    /// Label.
    Alarms,
    /// Label.
    Hsm,
    /// Label.
    Ledger,
    /// Health.
    Well,
    /// Health.
    Unwell,
    /// Nothing is being made.
    NoBatch,
    /// State of the line.
    Running,
    /// State of the line.
    Paused,
    /// State of the line.
    Finishing,
    /// State of the line.
    BatchIsFull,
    /// State of the line.
    BatchHeld,
    /// Nobody is signed in.
    Nobody,
    /// The terminal is too small; 0 and 1 what is needed, 2 and 3 what there is.
    TooSmall,
    /// So that nobody worries.
    TooSmallGoesOn,
    /// The entry line.
    ScanReady,
    /// The next scan is the label of the board on this lane.
    ScanFor,
    /// The entry line, after a scan.
    ScanWait,
    /// Dialog.
    SignInBadge,
    /// Dialog, while nobody has a badge; 0 IDs of operators.
    SignInByName,
    /// Dialog; 0 operator.
    SignInPin,
    /// Title.
    SignInTitle,
    /// Notice; 0 batch, 1 boards: two or more.
    DidOpen,
    /// Notice; 0 batch, which is for one board.
    DidOpenOne,
    /// Notice; 0 batch.
    DidClose,
    /// Notice; 0 lane or batch.
    DidClear,
    /// Notice.
    DidAcceptClock,
    /// Notice; 0 serial.
    DidPrint,
    /// Not let in.
    SignInUnknown,
    /// Not let in.
    SignInDisabled,
    /// Not let in.
    SignInNoPin,
    /// Not let in.
    SignInWrongPin,
    /// Not let in.
    SignInTooSoon,
    /// Not let in.
    SignInNotDigits,
    /// After wrong PINs; 0 seconds.
    SignInWait,
    /// Notice; 0 operator, 1 role.
    SignedIn,
    /// Notice.
    SignedOut,
    /// Nobody did anything.
    SignedOutIdle,
    /// Sign-in: choose a language.
    LanguageHint,
    /// A role.
    RoleOperator,
    /// A role.
    RoleSupervisor,
    /// A role.
    RoleSecurityOfficer,
    /// A role.
    RoleAuditor,
    /// Why something is grey; 0 role.
    TakesRole,
    /// Why something is grey.
    SignInFirst,
    /// Why something is grey.
    NeedsOpenBatch,
    /// Why something is grey.
    NeedsPause,
    /// Why something is grey.
    LineNotRunning,
    /// Why something is grey.
    BoardsFinish,
    /// Why something is grey; 0 lane.
    LabelAwaited,
    /// Why something is grey.
    NoHold,
    /// Why a label cannot be printed.
    NoPrinter,
    /// Why a label cannot be printed.
    BoardWithoutSerial,
    /// Something one can do.
    DeedStart,
    /// Something one can do.
    DeedPause,
    /// Something one can do.
    DeedOpen,
    /// Something one can do.
    DeedClose,
    /// Something one can do.
    DeedClearHold,
    /// Something one can do.
    DeedAcknowledge,
    /// Something one can do.
    DeedReprint,
    /// Field.
    AskBatchName,
    /// Field.
    AskProfile,
    /// Field.
    AskWorkOrder,
    /// Field.
    AskQuantity,
    /// Field.
    AskReason,
    /// Question; 0 batch, 1 boards made, 2 boards ordered.
    ConfirmClose,
    /// Question.
    ConfirmDiscard,
    /// Question.
    ConfirmLeave,
    /// Question.
    ConfirmSignOut,
    /// Notice.
    Leaving,
    /// Notice: a second wish leaves at once.
    LeavingAgain,
    /// Notice: it does.
    LeavingAtOnce,
    /// When the screen is gone; 0 lane, 1 board, 2 code.
    LeftInWork,
    /// Key of a dialog.
    EnterYes,
    /// Key of a dialog.
    EnterNext,
    /// Key of a dialog's last field.
    EnterDone,
    /// Notice; 0 file.
    RecordingKept,
    /// Notice; technical text follows.
    RecordingLost,
    /// Keys of a dialog with more than one field.
    UpDownField,
    /// A key's work; 0 what it does.
    EnterDoes,
    /// Key of a dialog.
    EscNo,
    /// Key of a dialog.
    EscBack,
    /// Title of a refusal.
    NotAllowed,
    /// Label.
    Serial,
    /// Label.
    Uid,
    /// Label.
    Verdict,
    /// Label.
    Why,
    /// Label.
    ToDo,
    /// Label.
    Time,
    /// Label.
    Lane,
    /// Label.
    State,
    /// State of a batch.
    Open,
    /// State of a batch.
    Closed,
    /// Count.
    InDoubt,
    /// Count.
    Failed,
    /// Count.
    Passed,
    /// Title of the bar chart.
    CountersByCode,
    /// Under a list that is longer than its place; 0 how many are not seen.
    More,
    /// Title of the chart.
    YieldOverTime,
    /// An empty chart.
    NoVerdictsYet,
    /// Title of a list of deeds.
    WhatCanBeDone,
    /// Hint.
    ChooseWithArrows,
    /// Device screen, empty.
    ScanABoard,
    /// Device screen; 0 what was looked for.
    UnknownBoard,
    /// Title.
    Timeline,
    /// Label.
    Certificate,
    /// Where there is none.
    NoCertificate,
    /// Alarms screen, empty.
    NoAlarms,
    /// Hint on the alarms screen, at what holds.
    ClearHold,
    /// Hint on the alarms screen, at what does not.
    Acknowledge,
    /// State of an alarm.
    Acknowledged,
    /// Title.
    WireStatistics,
    /// Count.
    SentBytes,
    /// Count.
    ReceivedBytes,
    /// Count.
    NoiseBytes,
    /// Count.
    RoundTrips,
    /// Count.
    Retries,
    /// Title.
    Fixture,
    /// Count.
    BoardsSeen,
    /// Count.
    FailedInARow,
    /// Title.
    LastFrames,
    /// No frame.
    FrameNoise,
    /// A frame that holds no message.
    FrameNoMessage,
    /// 0 bytes of a frame, 1 chunks of a window.
    FrameLimits,
    /// 0 bytes of the whole.
    FrameOf,
    /// 0 chunks.
    FrameLost,
    /// 0 milliseconds.
    FrameAskAgain,
    /// Told to a board.
    FramePassed,
    /// Told to a board.
    FrameNotPassed,
    /// Hint.
    ChooseLane,
    /// Lines above or below what is seen.
    OlderLines,
    /// The same.
    NewerLines,
    /// Keys that go up in a list.
    KeysUp,
    /// Keys that go down in it.
    KeysDown,
    /// An empty list.
    NothingYet,
    /// Log; 0 batch.
    LineStarted,
    /// Log.
    LineEndedLog,
    /// Notice; 0 serial, 1 lane.
    LabelTaken,
    /// Notice; 0 text.
    LabelOdd,
    /// 0 code that was scanned; says what to do.
    NoLabel,
    /// Notice.
    NobodyWaits,
    /// The lane that a label was scanned for waits no longer.
    WaitsNoLonger,
    /// Notice; 0 lane.
    ScanAgain,
    /// 0 the lane that has the label, 1 the one that it was scanned for.
    LabelOfLane,
    /// Notice.
    NoReason,
    /// Notice; 0 characters.
    ScanTooLong,
    /// Notice; 0 characters.
    EntryTooLong,
    /// Notice.
    QuestionStands,
    /// Notice.
    SignInToLeave,
    /// Notice; 0 lane, 1 the adapter now, 2 the one before.
    AdapterChanged,
    /// Notice; 0 lane, 1 the adapter now, 2 where it belongs.
    CableSwapped,
    /// Notice; 0 serial, 1 why.
    LabelWaits,
    /// Notice; 0 serial, 1 why.
    LabelFailed,
}
