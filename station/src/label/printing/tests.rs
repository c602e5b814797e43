use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::Receiver;

use super::*;
use crate::station_home::{LabelLanguage, LabelPrinterConfig, LabelPrinterKind};

/// What waits at the end is not waited for.
const AT_ONCE: Ending = Ending {
    step: Duration::ZERO,
    steps: 1,
    steps_a_label: 1,
};

fn printer(kind: LabelPrinterKind) -> Printer {
    Printer::new(LabelPrinterConfig {
        kind,
        language: LabelLanguage::Zpl,
        timeout_ms: 500,
    })
}

fn job(number: u8) -> LabelJob {
    LabelJob {
        serial: DeviceSerial::parse(&format!("SA-{number}")).unwrap(),
        uid: Uid::from_bytes(&[number; 8]).unwrap(),
        batch: BatchId::parse("B-1").unwrap(),
        label: format!("^XA^FD{number}^FS^XZ"),
    }
}

fn start(kind: LabelPrinterKind) -> (Printing, Receiver<LabelNews>) {
    let (sender, news) = channel();
    let tell = Arc::new(move |one| drop(sender.send(one)));
    (Printing::start(printer(kind), tell).unwrap(), news)
}

fn content(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_spool_gets_whole_files() {
    let folder = tempfile::tempdir().unwrap();
    let (printing, news) = start(LabelPrinterKind::Spool(folder.path().to_owned()));
    printing.offer(job(1));
    printing.offer(job(2));
    drop(printing);
    assert!(news.iter().all(|one| one.outcome == Outcome::Printed));
    assert_eq!(content(folder.path()), ["SA-1.zpl", "SA-2.zpl"]);
    let text = fs::read_to_string(folder.path().join("SA-2.zpl")).unwrap();
    assert_eq!(text, job(2).label);
}

#[test]
fn a_spool_that_nobody_empties_or_that_is_gone_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..1000 {
        fs::write(folder.path().join(n.to_string()), "").unwrap();
    }
    let (printing, news) = start(LabelPrinterKind::Spool(folder.path().to_owned()));
    printing.offer(job(1));
    printing.offer(job(2));
    let first = news.recv().unwrap();
    assert!(matches!(&first.outcome, Outcome::Waits(why) if why.contains("1000 labels lie in")));
    assert!(printing.trouble().unwrap().contains("1000 labels"));
    assert_eq!(printing.waiting(), 2);
    drop(printing);
    let rest: Vec<_> = news.iter().collect();
    assert_eq!(rest.len(), 2);
    assert!(
        rest.iter()
            .all(|one| matches!(one.outcome, Outcome::Failed(_))),
        "{rest:?}"
    );

    let gone = printer(LabelPrinterKind::Spool(folder.path().join("gone")));
    assert!(
        gone.print("SA-1", "x")
            .unwrap_err()
            .to_string()
            .contains("cannot write into spool")
    );
}

#[test]
fn a_tcp_printer_gets_the_label_and_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (printing, news) = start(LabelPrinterKind::Tcp(address));
    printing.offer(job(7));
    let (mut stream, _) = listener.accept().unwrap();
    let mut got = String::new();
    stream.read_to_string(&mut got).unwrap();
    assert_eq!(got, job(7).label);
    assert_eq!(news.recv().unwrap().outcome, Outcome::Printed);
}

#[test]
fn a_tcp_printer_that_is_off_or_takes_nothing_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // Nobody reads: more than both ends' buffers hold never gets through.
    let slow = printer(LabelPrinterKind::Tcp(address.clone()));
    let error = slow.print("SA-1", &"^FX".repeat(16 << 20)).unwrap_err();
    assert!(error.to_string().contains("cannot send to tcp"), "{error}");
    drop(listener);
    let off = printer(LabelPrinterKind::Tcp(address));
    let error = off.print("SA-1", "x").unwrap_err();
    assert!(
        error.to_string().contains("cannot reach tcp 127.0.0.1"),
        "{error}"
    );
}

#[test]
fn a_device_file_must_be_one_and_must_not_hold_up() {
    let folder = tempfile::tempdir().unwrap();
    printer(LabelPrinterKind::Device("/dev/null".into()))
        .print("SA-1", "x")
        .unwrap();
    let file = folder.path().join("lp0");
    fs::write(&file, "").unwrap();
    let error = printer(LabelPrinterKind::Device(file))
        .print("SA-1", "x")
        .unwrap_err();
    assert!(
        error.to_string().contains("no printer's device file"),
        "{error}"
    );
    let full = printer(LabelPrinterKind::Device("/dev/full".into()));
    let error = full.print("SA-1", "x").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("cannot write to device /dev/full"),
        "{error}"
    );

    // A pipe that nobody empties, as a printer that is out of paper.
    let pipe = folder.path().join("lp1");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let off = printer(LabelPrinterKind::Device(pipe.clone()));
    assert!(off.print("SA-1", "x").is_err(), "nobody listens");
    let reader = fs::File::options()
        .read(true)
        .write(true)
        .open(&pipe)
        .unwrap();
    let error = off.print("SA-1", &"x".repeat(1 << 20)).unwrap_err();
    assert!(error.to_string().contains("timed out"), "{error}");
    drop(reader);
}

#[test]
fn the_queue_is_bounded_and_says_what_it_does_not_take() {
    let folder = tempfile::tempdir().unwrap();
    let (printing, news) = start(LabelPrinterKind::Spool(folder.path().join("gone")));
    printing.offer(job(0));
    assert!(matches!(news.recv().unwrap().outcome, Outcome::Waits(_)));
    // One is at the printer, so as many as the queue holds still have room.
    for _ in 0..QUEUE_MAX {
        printing.offer(job(1));
    }
    printing.offer(job(2));
    let refused = news.recv().unwrap();
    assert_eq!(refused.job, job(2));
    assert!(matches!(refused.outcome, Outcome::Failed(why) if why.contains("too many")));
}

/// Takes a connection, and breaks it off with the label unread: that makes a reset of it.
fn reset(listener: &TcpListener) {
    let (stream, _) = listener.accept().unwrap();
    assert!(stream.peek(&mut [0; 1]).unwrap() > 0);
}

#[test]
fn a_label_that_may_be_on_paper_is_not_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (printing, news) = start(LabelPrinterKind::Tcp(address));
    printing.offer(job(1));
    reset(&listener);
    let broken = news.recv().unwrap();
    assert_eq!(broken.job, job(1));
    assert!(
        matches!(&broken.outcome, Outcome::Failed(why) if why.contains("may be on paper")),
        "{broken:?}"
    );
    // The next one goes on at once.
    printing.offer(job(2));
    let mut got = String::new();
    listener
        .accept()
        .unwrap()
        .0
        .read_to_string(&mut got)
        .unwrap();
    assert_eq!(got, job(2).label);
    assert_eq!(news.recv().unwrap().outcome, Outcome::Printed);
}

#[test]
fn a_label_printed_again_is_one_more_in_the_spool() {
    let folder = tempfile::tempdir().unwrap();
    let spool = printer(LabelPrinterKind::Spool(folder.path().to_owned()));
    for label in ["a", "b", "c"] {
        spool.print("SA-1", label).unwrap();
    }
    assert_eq!(
        content(folder.path()),
        ["SA-1-2.zpl", "SA-1-3.zpl", "SA-1.zpl"]
    );
    // One that somebody is at work on is left alone.
    fs::write(folder.path().join(".SA-2.new"), "half").unwrap();
    spool.print("SA-2", "whole").unwrap();
    let text = fs::read_to_string(folder.path().join("SA-2-2.zpl")).unwrap();
    assert_eq!(text, "whole");
}

#[test]
fn labels_at_one_device_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("lp0");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let mut other = fs::File::options()
        .read(true)
        .write(true)
        .open(&pipe)
        .unwrap();
    rustix::fs::flock(&other, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let device = printer(LabelPrinterKind::Device(pipe));
    let error = device.print("SA-1", "x").unwrap_err();
    assert!(error.to_string().contains("another label"), "{error}");
    rustix::fs::flock(&other, rustix::fs::FlockOperation::Unlock).unwrap();
    device.print("SA-1", "x").unwrap();
    let mut got = [0; 1];
    other.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"x");
}

#[test]
fn a_slow_printer_does_not_keep_the_station_at_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, news) = channel();
    let tell = Arc::new(move |one| drop(sender.send(one)));
    let slow = printer(LabelPrinterKind::Tcp(address));
    let printing = Printing::ending_in(AT_ONCE, slow, tell).unwrap();
    for n in 1..=200 {
        printing.offer(job(n));
    }
    // It keeps each connection open, so that each label takes half a second.
    let _kept = listener.accept().unwrap();
    drop(printing);
    let news: Vec<_> = news.iter().collect();
    assert_eq!(news.len(), 200, "each is told of");
    assert_eq!(
        news[0].outcome,
        Outcome::Printed,
        "what was begun is finished"
    );
    assert!(
        matches!(&news[199].outcome, Outcome::Failed(why) if why.contains("station ended")),
        "{:?}",
        news[199]
    );
}

/// Whatever its times are: a station that waited for them would not end for minutes.
#[test]
fn a_printer_that_never_reads_does_not_keep_the_station_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("lp0");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let mut options = fs::File::options();
    let opened = options.read(true).write(true).open(&pipe).unwrap();
    let stuck = Printer::new(LabelPrinterConfig {
        kind: LabelPrinterKind::Device(pipe),
        language: LabelLanguage::Zpl,
        timeout_ms: 600_000,
    });
    let (sender, news) = channel();
    let tell = Arc::new(move |one| drop(sender.send(one)));
    let printing = Printing::ending_in(AT_ONCE, stuck, tell).unwrap();
    let long = "^FX".repeat(1 << 20);
    for n in 1..=3 {
        let label = long.clone();
        printing.offer(LabelJob { label, ..job(n) });
    }
    // The first one is at the printer once a part of it lies in the pipe.
    let mut poll = [rustix::event::PollFd::new(
        &opened,
        rustix::event::PollFlags::IN,
    )];
    assert_eq!(rustix::event::poll(&mut poll, None).unwrap(), 1);
    let (ends, ended) = channel();
    let ending = move || {
        drop(printing);
        ends.send(()).unwrap();
    };
    drop(std::thread::spawn(ending));
    ended.recv_timeout(Duration::from_mins(2)).unwrap();
    let told: Vec<_> = news
        .try_iter()
        .map(|one| (one.job.serial, one.outcome))
        .collect();
    let failed = |why: &str| Outcome::Failed(why.to_owned());
    let expected = [(1, ENDED_AT_PRINTER), (2, ENDED), (3, ENDED)];
    let expected = expected.map(|(n, why)| (job(n).serial, failed(why)));
    assert_eq!(told, expected);
    drop(opened);
}
