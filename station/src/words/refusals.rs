//! Why a person's wish was not done, in every language: what it means, and what to do. Names and numbers are
//! not in these sentences; the technical text that goes with a refusal has them.

use serde::{Deserialize, Serialize};

use super::Language;

/// Why a person's wish was not done, where that is something a person can understand and do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalReason {
    /// Nobody is signed in.
    NobodySignedIn,
    /// It takes another role.
    OtherRole,
    /// The line runs.
    LineRuns,
    /// The line is about to end.
    LineEnding,
    /// The line does not run.
    LineStands,
    /// Another label is at the printer.
    PrinterBusy,
    /// There is no such batch.
    BatchUnknown,
    /// There was a batch of that name.
    BatchExists,
    /// The batch is closed.
    BatchClosed,
    /// As many boards as ordered are made.
    BatchFull,
    /// A stop rule holds the batch.
    BatchHeld,
    /// Boards of the batch are in doubt or not finished.
    BatchUnfinished,
    /// A board of the batch is on a lane.
    BoardInWork,
    /// No reason was given.
    NoReason,
    /// What was typed is no number.
    NotANumber,
    /// What was typed can be no name.
    NotAName,
    /// What was put into a field is somebody's badge.
    BadgeTyped,
    /// The profile's file cannot be read.
    ProfileUnreadable,
    /// The profile has faults, or is not signed as it must be.
    ProfileFaulty,
    /// The profile is not valid now.
    ProfileNotValidNow,
    /// A newer version of the profile was used before.
    ProfileOlder,
    /// The station is for another product.
    OtherProduct,
    /// The list of serials does not fit.
    SerialsUnfit,
    /// Nothing is held there.
    NotHeld,
    /// Another hold is there by now.
    HeldAnew,
    /// The clock is right.
    ClockIsRight,
    /// The clock is behind what is recorded.
    ClockBehind,
    /// There is no label printer.
    NoPrinter,
    /// The board has no label.
    NoLabel,
    /// The printer did not take it.
    PrinterFault,
    /// The ledger knows no such board.
    BoardUnknown,
    /// The HSM did not do it.
    Hsm,
    /// The ledger did not take it.
    Ledger,
}

impl RefusalReason {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::NobodySignedIn,
        Self::OtherRole,
        Self::LineRuns,
        Self::LineEnding,
        Self::LineStands,
        Self::PrinterBusy,
        Self::BatchUnknown,
        Self::BatchExists,
        Self::BatchClosed,
        Self::BatchFull,
        Self::BatchHeld,
        Self::BatchUnfinished,
        Self::BoardInWork,
        Self::NoReason,
        Self::NotANumber,
        Self::NotAName,
        Self::BadgeTyped,
        Self::ProfileUnreadable,
        Self::ProfileFaulty,
        Self::ProfileNotValidNow,
        Self::ProfileOlder,
        Self::OtherProduct,
        Self::SerialsUnfit,
        Self::NotHeld,
        Self::HeldAnew,
        Self::ClockIsRight,
        Self::ClockBehind,
        Self::NoPrinter,
        Self::NoLabel,
        Self::PrinterFault,
        Self::BoardUnknown,
        Self::Hsm,
        Self::Ledger,
    ];
}

impl Language {
    /// Why a wish was not done, and what to do. Where no reason is known, the technical text is for whoever helps.
    #[must_use]
    pub const fn refusal(self, reason: Option<RefusalReason>) -> &'static str {
        let [english, chinese, spanish, german] = texts(reason);
        match self {
            Self::English => english,
            Self::Chinese => chinese,
            Self::Spanish => spanish,
            Self::German => german,
        }
    }
}

/// English, Chinese, Spanish, German.
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a table")]
const fn texts(reason: Option<RefusalReason>) -> [&'static str; 4] {
    use RefusalReason as R;
    let Some(reason) = reason else {
        return [
            "The station could not do it. Show the text below to a supervisor.",
            "站点无法完成。请把下面的内容给主管看。",
            "El puesto no pudo hacerlo. Muestre el texto de abajo a un supervisor.",
            "Die Station konnte es nicht tun. Zeigen Sie den Text unten der Schichtleitung.",
        ];
    };
    match reason {
        R::NobodySignedIn => [
            "Nobody is signed in. Scan your badge first.",
            "没有人登录。请先扫描工牌。",
            "Nadie ha iniciado sesión. Escanee primero su tarjeta.",
            "Niemand ist angemeldet. Scannen Sie zuerst Ihren Ausweis.",
        ],
        R::OtherRole => [
            "Your role may not do this. Ask somebody who has that role.",
            "您的角色无权执行此操作。请找有权限的人。",
            "Su función no permite hacerlo. Pídalo a quien tenga esa función.",
            "Ihre Rolle darf das nicht. Bitten Sie jemanden mit dieser Rolle.",
        ],
        R::LineRuns => [
            "The line is running. Pause it first.",
            "产线正在运行。请先暂停。",
            "La línea está en marcha. Páusela primero.",
            "Die Linie läuft. Halten Sie sie zuerst an.",
        ],
        R::LineEnding => [
            "The line is ending. Wait, then do it once more.",
            "产线正在结束。请稍候再试。",
            "La línea está terminando. Espere y hágalo otra vez.",
            "Die Linie endet gerade. Warten Sie, dann noch einmal.",
        ],
        R::LineStands => [
            "The line is not running. Nothing is to be done.",
            "产线未运行。无需操作。",
            "La línea no está en marcha. No hay nada que hacer.",
            "Die Linie läuft nicht. Es ist nichts zu tun.",
        ],
        R::PrinterBusy => [
            "Another label is at the printer. Wait until it is printed, or see to the printer.",
            "打印机正在处理另一张标签。请等它打印完，或检查打印机。",
            "Otra etiqueta está en la impresora. Espere a que se imprima o revise la impresora.",
            "Ein anderes Etikett ist beim Drucker. Warten Sie, oder sehen Sie nach dem Drucker.",
        ],
        R::BatchUnknown => [
            "There is no such batch. Choose one from the list.",
            "没有这个批次。请从列表中选择。",
            "No existe ese lote. Elija uno de la lista.",
            "Dieses Los gibt es nicht. Wählen Sie eines aus der Liste.",
        ],
        R::BatchExists => [
            "There was a batch of that name before. Choose another name.",
            "已有同名批次。请换一个名称。",
            "Ya hubo un lote con ese nombre. Elija otro nombre.",
            "Ein Los dieses Namens gab es schon. Wählen Sie einen anderen Namen.",
        ],
        R::BatchClosed => [
            "The batch is closed, and stays closed. Open another.",
            "该批次已关闭，不能再打开。请新建批次。",
            "El lote está cerrado y así se queda. Abra otro.",
            "Das Los ist geschlossen und bleibt es. Öffnen Sie ein anderes.",
        ],
        R::BatchFull => [
            "The batch is full. Close it, then open another.",
            "该批次已满。请关闭后新建批次。",
            "El lote está completo. Ciérrelo y abra otro.",
            "Das Los ist voll. Schließen Sie es, dann öffnen Sie ein anderes.",
        ],
        R::BatchHeld => [
            "A stop rule holds the batch. Let QA look, then clear the hold.",
            "该批次被停线规则锁定。请质检查看后解除。",
            "Una regla de paro retiene el lote. Que lo vea calidad; después libérelo.",
            "Eine Stoppregel sperrt das Los. Die QS sieht nach, dann die Sperre aufheben.",
        ],
        R::BatchUnfinished => [
            "Boards of the batch are not finished. Put them in again; the text below names them.",
            "该批次有未完成的板子。请重新放入；名称见下文。",
            "Hay placas del lote sin terminar. Póngalas otra vez; el texto de abajo las nombra.",
            "Platinen des Loses sind nicht fertig. Legen Sie sie wieder ein; unten stehen sie.",
        ],
        R::BoardInWork => [
            "A board of the batch is on a lane. Wait for its verdict, then do it once more.",
            "该批次有板子正在处理。请等待判定后再试。",
            "Hay una placa del lote en un puesto. Espere su veredicto y hágalo otra vez.",
            "Eine Platine des Loses ist in Arbeit. Warten Sie ihr Urteil ab, dann noch einmal.",
        ],
        R::NoReason => [
            "It takes a reason. Type why.",
            "需要原因。请输入原因。",
            "Hace falta un motivo. Escríbalo.",
            "Es braucht einen Grund. Geben Sie ihn ein.",
        ],
        R::NotANumber => [
            "This is no number. Type it once more.",
            "这不是数字。请重新输入。",
            "No es un número. Escríbalo otra vez.",
            "Das ist keine Zahl. Geben Sie sie noch einmal ein.",
        ],
        R::NotAName => [
            "This can be no name here. Type it once more.",
            "名称不合规则。请重新输入。",
            "Ese nombre no vale aquí. Escríbalo otra vez.",
            "Das kann hier kein Name sein. Geben Sie ihn noch einmal ein.",
        ],
        R::BadgeTyped => [
            "A field has the code of a badge. Type it again, in other words.",
            "某一栏里是工牌代码。请重新输入其他内容。",
            "Un campo contiene el código de una tarjeta. Escriba otra cosa.",
            "In einem Feld steht der Code eines Ausweises. Geben Sie etwas anderes ein.",
        ],
        R::ProfileUnreadable => [
            "The profile cannot be read. Type a name from profiles/, or a path.",
            "无法读取配置文件。请输入已有的名称或文件路径。",
            "No se puede leer el perfil. Escriba un nombre de profiles/ o una ruta.",
            "Das Profil ist nicht lesbar. Namen aus profiles/ oder Pfad eingeben.",
        ],
        R::ProfileFaulty => [
            "The profile has faults, or lacks the product owner's signature. Ask who made it.",
            "配置文件有错误，或缺少产品负责人的签名。请联系制作人。",
            "El perfil tiene faltas o le falta la firma del dueño del producto. Pregunte a su autor.",
            "Das Profil hat Fehler, oder die Unterschrift fehlt. Fragen Sie, wer es gemacht hat.",
        ],
        R::ProfileNotValidNow => [
            "The profile is not valid today. Ask the product owner for one that is.",
            "配置文件目前无效。请向产品负责人索取有效的文件。",
            "El perfil no es válido hoy. Pida uno válido al dueño del producto.",
            "Das Profil gilt heute nicht. Bitten Sie den Produktverantwortlichen um ein gültiges.",
        ],
        R::ProfileOlder => [
            "A newer version of this profile was used before. Use that one.",
            "此前已使用更新版本的配置文件。请使用新版本。",
            "Ya se usó una versión más nueva de este perfil. Use esa.",
            "Eine neuere Version dieses Profils war schon in Gebrauch. Nehmen Sie diese.",
        ],
        R::OtherProduct => [
            "The profile is for another product than this station. Use the right profile.",
            "该配置文件不属于本站点的产品。请使用正确的文件。",
            "El perfil es de otro producto que este puesto. Use el perfil correcto.",
            "Das Profil ist für ein anderes Produkt. Nehmen Sie das richtige.",
        ],
        R::SerialsUnfit => [
            "The list of serials does not fit. Mend the list.",
            "序列号清单不符。请修正清单。",
            "La lista de números de serie no encaja. Corríjala.",
            "Die Liste der Seriennummern passt nicht. Berichtigen Sie sie.",
        ],
        R::NotHeld => [
            "Nothing is held there any more.",
            "那里已没有锁定。",
            "Ya no hay nada retenido ahí.",
            "Dort ist nichts mehr gesperrt.",
        ],
        R::HeldAnew => [
            "It is held anew, for something else. Read the new alarm first.",
            "那里又有新的锁定。请先阅读新的报警。",
            "Está retenido de nuevo, por otra cosa. Lea antes la alarma nueva.",
            "Es ist neu gesperrt, aus anderem Grund. Lesen Sie erst den neuen Alarm.",
        ],
        R::ClockIsRight => [
            "The clock is right: there is nothing to accept.",
            "时钟正确：无需确认。",
            "El reloj está bien: no hay nada que aceptar.",
            "Die Uhr stimmt: es gibt nichts anzunehmen.",
        ],
        R::ClockBehind => [
            "The clock is behind what is recorded. Set it right, then do it once more.",
            "时钟晚于记录。请校准后再试。",
            "El reloj va por detrás de lo registrado. Póngalo en hora y hágalo otra vez.",
            "Die Uhr geht nach. Stellen Sie sie, dann noch einmal.",
        ],
        R::NoPrinter => [
            "This station has no label printer.",
            "本站点没有标签打印机。",
            "Este puesto no tiene impresora de etiquetas.",
            "Diese Station hat keinen Etikettendrucker.",
        ],
        R::NoLabel => [
            "The board has no label: it has not passed, or its product has none.",
            "该板没有标签：尚未合格，或该产品无标签。",
            "La placa no tiene etiqueta: no ha pasado, o su producto no lleva.",
            "Die Platine hat kein Etikett: nicht bestanden, oder das Produkt hat keines.",
        ],
        R::PrinterFault => [
            "The printer did not take the label. See to the printer, then do it once more.",
            "打印机未接受标签。请检查打印机后再试。",
            "La impresora no aceptó la etiqueta. Revísela y hágalo otra vez.",
            "Der Drucker nahm das Etikett nicht an. Sehen Sie nach ihm, dann noch einmal.",
        ],
        R::BoardUnknown => [
            "Nothing is known of this board.",
            "没有该板的记录。",
            "No se sabe nada de esta placa.",
            "Von dieser Platine ist nichts bekannt.",
        ],
        R::Hsm => [
            "The HSM did not do it. Call the supervisor; boards that failed for it are not bad.",
            "密码机未完成操作。请叫主管；因此失败的板子不是坏板。",
            "El HSM no lo hizo. Llame al supervisor; las placas afectadas no están mal.",
            "Das HSM hat es nicht getan. Rufen Sie die Schichtleitung; die Platinen sind nicht schlecht.",
        ],
        R::Ledger => [
            "The ledger did not take it. Call the supervisor; nothing that was recorded is lost.",
            "账本未接受。请叫主管；已有记录不会丢失。",
            "El libro no lo aceptó. Llame al supervisor; no se pierde nada de lo registrado.",
            "Das Journal nahm es nicht an. Rufen Sie die Schichtleitung; nichts ist verloren.",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_said_in_every_language_and_in_no_two_alike() {
        let all = RefusalReason::ALL.iter().copied().map(Some).chain([None]);
        let mut said = std::collections::BTreeSet::new();
        let mut count = 0;
        for reason in all {
            for language in Language::ALL {
                let text = language.refusal(reason);
                assert!(text.ends_with(['.', '。']), "{language}: {text}");
                assert!(said.insert(text), "{language} says {text} twice");
                count += 1;
            }
        }
        assert_eq!(said.len(), count);
        assert_eq!(count, (RefusalReason::ALL.len() + 1) * Language::ALL.len());
    }
}
