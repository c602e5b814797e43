//! An operator who reads Spanish: refusals and a board's history are in the catalogue's words, and technical text is
//! shown as such.
#![forbid(unsafe_code)]

use acceptance::prepared_station::{PreparedStation, SUPERVISOR, sample_profile};
use acceptance::simulated_line::{LinePlan, SimulatedLine};
use acceptance::terminal_screen::TerminalScreen;

#[test]
fn refusals_and_history_are_in_the_operators_language() {
    let folder = tempfile::tempdir().expect("a folder");
    let station = PreparedStation::create(folder.path());
    station.open_batch("B-1", 2);
    let plan = LinePlan::good_boards(folder.path(), &station, 1, 23);
    let line = SimulatedLine::start(&folder.path().join("line"), &plan);
    let running = station.provision("B-1", &line.ports());
    let _ = line.finish();
    running.interrupt();
    let _ = running.finish();

    let mut command = station.command(["run", "--port"]);
    command.arg(folder.path().join("nothing-here"));
    command.env("STATION_LANGUAGE", "es");
    let mut screen = TerminalScreen::start(&command, (120, 40));
    screen.see("Escanee su tarjeta");
    screen.scan(SUPERVISOR);
    screen.see(&format!("Operador {SUPERVISOR} "));
    // The only open batch is gone on with, on a port that is not there.
    screen.see("Conecte su adaptador");
    screen.see("el puerto ");

    // The board's history, looked up by its serial.
    screen.press(3);
    screen.see("pulse Intro");
    screen.scan("SA-000001");
    screen.see("puesta en lane0");
    let seen = screen.see("bloqueada: SA-000001 tiene el certificado");
    assert!(!seen.contains("certificate"), "{seen}");

    // A batch of that name was opened before.
    screen.press(2);
    screen.see("Abrir un lote");
    screen.type_text("\x1b[C\x1b[C");
    screen.see("▸ Abrir un lote");
    screen.type_text("\r");
    screen.see("Nombre del lote nuevo");
    let profile = sample_profile();
    let profile = profile.to_string_lossy();
    for (field, next) in [
        ("B-1", "Archivo de perfil"),
        (&*profile, "Orden de trabajo"),
        ("WO-7", "Cuántas placas"),
    ] {
        screen.scan(field);
        screen.see_that("the next field, and the mark for its scan", |text| {
            let row = text.lines().find(|row| row.contains(next));
            row.is_some_and(|row| row.contains('_')) && text.contains("▶")
        });
    }
    screen.scan("60");
    screen.see("60_");
    screen.see("▶");
    screen.type_text("\r");
    screen.see("Ya hubo un lote con ese nombre. Elija otro nombre.");
    screen.see("Técnico: the batch cannot be opened");
    screen.type_text("\x1b");
    screen.see_that("the question is gone", |text| {
        !text.contains("Ya hubo un lote con ese nombre")
    });
    screen.press(10);
    screen.see("¿Salir?");
    screen.see("▶");
    screen.type_text("\r");
    let status = screen.finish();
    assert!(status.success(), "{status}\n{}", screen.text());
}
