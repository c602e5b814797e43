//! What `?` tells of each screen, and of every screen, in every language.

use super::Language;

listed! {
    /// A part of the help.
    Help:
    /// What the keys do everywhere.
    Keys,
    /// How to scan.
    Scan,
    /// How to leave.
    Leave,
    /// The line.
    Line,
    /// The batches.
    Batch,
    /// A board.
    Device,
    /// The alarms.
    Alarms,
    /// A lane.
    Lane,
    /// The log.
    Log,
}

impl Language {
    /// That part of the help.
    #[must_use]
    pub const fn help(self, part: Help) -> &'static str {
        let [english, chinese, spanish, german] = texts(part);
        match self {
            Self::English => english,
            Self::Chinese => chinese,
            Self::Spanish => spanish,
            Self::German => german,
        }
    }
}

/// English, Chinese, Spanish, German.
const fn texts(part: Help) -> [&'static str; 4] {
    match part {
        Help::Keys => KEYS,
        Help::Scan => SCAN,
        Help::Leave => LEAVE,
        Help::Line => LINE,
        Help::Batch => BATCH,
        Help::Device => DEVICE,
        Help::Alarms => ALARMS,
        Help::Lane => LANE,
        Help::Log => LOG,
    }
}

const KEYS: [&str; 4] = [
    "F1 to F6 choose a screen. Arrows choose a lane or a line. Enter opens or does. \
     Esc goes back.",
    "F1 至 F6 选择画面。方向键选择工位或行。Enter 打开或执行。Esc 返回。",
    "F1 a F6 eligen pantalla. Las flechas eligen puesto o línea. Intro abre o hace. \
     Esc vuelve.",
    "F1 bis F6 wählen das Bild. Pfeile wählen Platz oder Zeile. Enter öffnet oder \
     führt aus. Esc geht zurück.",
];

const SCAN: [&str; 4] = [
    "A scan counts once: what the scanner sends right after it is dropped. Wait for \
     the mark before the next scan.",
    "一次扫描只算一次：紧随其后的内容会被丢弃。请等提示出现后再扫描。",
    "Cada lectura cuenta una vez: lo que el lector envía justo después se descarta. \
     Espere la marca antes de leer otra.",
    "Ein Scan zählt einmal: was der Scanner gleich danach sendet, fällt weg. Vor dem \
     nächsten Scan die Marke abwarten.",
];

const LEAVE: [&str; 4] = [
    "F10 leaves, F9 signs out. Ctrl-C leaves too: boards in work come to a safe \
     state first.",
    "F10 退出，F9 注销。Ctrl-C 也可退出：在制板会先进入安全状态。",
    "F10 sale, F9 cierra sesión. Ctrl-C también sale: las placas en curso quedan \
     antes a salvo.",
    "F10 beendet, F9 meldet ab. Ctrl-C beendet auch: Platinen in Arbeit werden erst \
     gesichert.",
];

const LINE: [&str; 4] = [
    "Every lane with its board, its step and its verdict. The chosen lane's full \
     story is at the bottom. With many lanes, what tells a lane's port from the others \
     stands at the right of its name. Put boards in; take them out when the verdict \
     stands. At the top: the rate of the last 15 minutes, and from it the time left; \
     a dash while what passed in them is too little to tell.",
    "每个工位显示电路板、步骤和判定。底部是所选工位的详情。\
     工位多时，名称右侧是端口中与其他工位不同的部分。放入电路板；出现判定后取出。\
     顶部：最近 15 分钟的速率，并由此得出剩余时间；其间合格太少、无法判断时，显示横线。",
    "Cada puesto con su placa, su paso y su veredicto. Abajo, todo sobre el puesto \
     elegido. Con muchos puestos, a la derecha del nombre está lo que distingue su \
     puerto de los demás. Ponga placas; sáquelas cuando haya veredicto. Arriba: el \
     ritmo de los últimos 15 minutos y, con él, el tiempo que falta; un guion si en \
     ellos pasaron muy pocas placas para saberlo.",
    "Jeder Platz mit Platine, Schritt und Urteil. Unten steht alles zum gewählten \
     Platz. Bei vielen Plätzen steht rechts vom Namen, was den Port von den anderen \
     unterscheidet. Platinen einlegen; herausnehmen, wenn das Urteil steht. Oben: das \
     Tempo der letzten 15 Minuten, daraus die Restzeit; ein Strich, solange darin zu \
     wenige Platinen bestanden haben, um es zu sagen.",
];

const BATCH: [&str; 4] = [
    "Choose a batch, then what is to be done with it: open, start, pause, close. \
     What you may not do is grey, with the reason. In a field Esc first takes back \
     what you changed; it asks before it throws filled fields away.",
    "选择批次，再选择操作：新开、启动、暂停、关闭。无权执行的操作为灰色并说明原因。\
     填写时按 Esc 先撤销修改；丢弃已填内容前会询问。",
    "Elija un lote y qué hacer con él: abrir, poner en marcha, pausar, cerrar. Lo \
     que no puede hacer está en gris, con el motivo. En un campo, Esc deshace primero \
     el cambio; antes de desechar campos rellenos pregunta.",
    "Ein Los wählen, dann was geschehen soll: eröffnen, starten, anhalten, \
     schließen. Was Sie nicht dürfen, ist grau, mit Grund. In einem Feld nimmt Esc \
     erst die Änderung zurück; vor dem Verwerfen ausgefüllter Felder fragt es.",
];

const DEVICE: [&str; 4] = [
    "Scan a board's label, or type its serial or UID: what the ledger knows of it, \
     event by event, the newest first. Arrows, Page Up and Page Down leaf; Home goes \
     to the newest event, End to the oldest.",
    "扫描标签，或输入序列号或 UID：逐条显示账本中的记录，最新在前。\
     方向键、Page Up 和 Page Down 翻页；Home 到最新，End 到最旧。",
    "Escanee la etiqueta, o escriba serie o UID: lo que el libro sabe de ella, \
     suceso a suceso, lo último primero. Flechas, Re Pág y Av Pág pasan páginas; \
     Inicio va a lo último, Fin a lo más antiguo.",
    "Etikett scannen, oder Seriennummer oder UID tippen: was das Journal weiß, \
     Ereignis für Ereignis, das Neueste zuerst. Pfeile, Bild auf und Bild ab \
     blättern; Pos1 geht zum Neuesten, Ende zum Ältesten.",
];

const ALARMS: [&str; 4] = [
    "What somebody must look at. A hold is cleared with a reason, by a supervisor; \
     the ledger records who did it.",
    "需要处理的事项。主管填写原因后解除锁定；账本记录操作人。",
    "Lo que alguien debe mirar. Un supervisor levanta una retención con un motivo; \
     el libro anota quién fue.",
    "Was jemand ansehen muss. Eine Sperre hebt die Schichtleitung mit Grund auf; das \
     Journal hält fest, wer es war.",
];

const LANE: [&str; 4] = [
    "One lane: its port, its fixture (boards since the ledger began, of all batches), \
     its wire (since this terminal was opened). Many retries or noise: a worn cable. \
     Many failures in a row: a worn fixture. Page Up and Page Down leaf in the frames; \
     Home goes to the oldest, End to the newest.",
    "单个工位：端口、治具（账本开始以来各批次的板数）、线路（本终端打开以来）。\
     重试或噪声多：线缆磨损。连续不合格：治具磨损。\
     Page Up 和 Page Down 翻看通信帧；Home 到最旧，End 到最新。",
    "Un puesto: su puerto, su útil (placas desde que empezó el libro, de todos los \
     lotes), su línea (desde que se abrió este terminal). Muchos reintentos o ruido: \
     cable gastado. Muchos fallos seguidos: útil gastado. Re Pág y Av Pág pasan \
     tramas; Inicio va a la más antigua, Fin a la última.",
    "Ein Platz: Port, Vorrichtung (Platinen seit Beginn des Journals, aller Lose), \
     Leitung (seit dem Öffnen dieses Terminals). Viel Wiederholung oder Rauschen: \
     Kabel verschlissen. Viele Fehler in Folge: Vorrichtung verschlissen. Bild auf \
     und Bild ab blättern in den Frames; Pos1 geht zum ältesten, Ende zum neuesten.",
];

const LOG: [&str; 4] = [
    "What happened, the newest at the bottom; at the top what the ledger has of the \
     time before the start. Arrows, Page Up and Page Down leaf; Home goes to the \
     oldest line, End to the newest. While you read further up, the last row says how \
     many lines are below.",
    "发生的事，最新在底部；最上面是启动之前的账本记录。\
     方向键、Page Up 和 Page Down 翻页；\
     Home 到最旧，End 到最新。往上翻看时，最后一行说明下方还有多少行。",
    "Lo ocurrido, lo último abajo; arriba, lo que el libro tiene de antes de arrancar. \
     Flechas, Re Pág y Av Pág pasan páginas; Inicio va a lo más antiguo, Fin a lo \
     último. Mientras lee más arriba, la última fila dice cuántas líneas hay abajo.",
    "Was geschah, das Neueste unten; oben, was das Journal aus der Zeit vor dem Start \
     hat. Pfeile, Bild auf und Bild ab blättern; Pos1 geht zur ältesten Zeile, Ende \
     zur neuesten. Wer weiter oben liest, sieht in der letzten Zeile, wie viele \
     Zeilen unten noch kommen.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_help_was_left_in_english() {
        for part in Help::ALL {
            let all = Language::ALL.map(|language| language.help(*part));
            for (at, text) in all.iter().enumerate() {
                assert!(!text.is_empty() && text.trim() == *text, "{part:?}");
                assert!(!all[..at].contains(text), "{part:?}: {text}");
            }
        }
    }
}
