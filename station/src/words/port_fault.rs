//! Why a port cannot be opened and what to do, as values and in every language.

use serde::{Deserialize, Serialize};

use super::Language;

/// Why a port cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortFault {
    /// It does not exist.
    Missing {
        /// The port.
        port: String,
    },
    /// Another program has it.
    InUse {
        /// The port.
        port: String,
    },
    /// The system does not let us.
    Denied {
        /// The port.
        port: String,
    },
    /// It is no serial port, or its driver refuses the settings.
    Unusable {
        /// The port.
        port: String,
        /// What the system says.
        says: String,
    },
}

impl Language {
    /// Why it cannot be opened, and what to do.
    #[must_use]
    pub fn port_fault(self, fault: &PortFault) -> (String, &'static str) {
        let (why, to_do) = match self {
            Self::English => english(fault),
            Self::Chinese => chinese(fault),
            Self::Spanish => spanish(fault),
            Self::German => german(fault),
        };
        let (PortFault::Missing { port }
        | PortFault::InUse { port }
        | PortFault::Denied { port }
        | PortFault::Unusable { port, .. }) = fault;
        let why = why.replace("{0}", port);
        match fault {
            // The system's own text, in whatever language it has.
            PortFault::Unusable { says, .. } => (format!("{why}. {}", self.technical(says)), to_do),
            _ => (why, to_do),
        }
    }
}

const fn english(fault: &PortFault) -> (&'static str, &'static str) {
    match fault {
        PortFault::Missing { .. } => ("port {0} is not there", "Plug in its adapter."),
        PortFault::InUse { .. } => ("port {0} is used by another program", "End that program."),
        PortFault::Denied { .. } => (
            "port {0} may not be opened",
            "Add this user to the port's group.",
        ),
        PortFault::Unusable { .. } => {
            ("port {0} cannot be used", "Check that it is a serial port.")
        }
    }
}

const fn chinese(fault: &PortFault) -> (&'static str, &'static str) {
    match fault {
        PortFault::Missing { .. } => ("端口 {0} 不存在", "请插上适配器。"),
        PortFault::InUse { .. } => ("端口 {0} 被其他程序占用", "请结束那个程序。"),
        PortFault::Denied { .. } => (
            "没有打开端口 {0} 的权限",
            "请把当前用户加入该端口的用户组。",
        ),
        PortFault::Unusable { .. } => ("端口 {0} 无法使用", "请确认它是串口。"),
    }
}

const fn spanish(fault: &PortFault) -> (&'static str, &'static str) {
    match fault {
        PortFault::Missing { .. } => ("el puerto {0} no está", "Conecte su adaptador."),
        PortFault::InUse { .. } => ("otro programa usa el puerto {0}", "Cierre ese programa."),
        PortFault::Denied { .. } => (
            "no se permite abrir el puerto {0}",
            "Añada este usuario al grupo del puerto.",
        ),
        PortFault::Unusable { .. } => (
            "no se puede usar el puerto {0}",
            "Compruebe que es un puerto serie.",
        ),
    }
}

const fn german(fault: &PortFault) -> (&'static str, &'static str) {
    match fault {
        PortFault::Missing { .. } => ("Port {0} ist nicht da", "Seinen Adapter einstecken."),
        PortFault::InUse { .. } => (
            "ein anderes Programm benutzt Port {0}",
            "Dieses Programm beenden.",
        ),
        PortFault::Denied { .. } => (
            "Port {0} darf nicht geöffnet werden",
            "Diesen Benutzer in die Gruppe des Ports aufnehmen.",
        ),
        PortFault::Unusable { .. } => (
            "Port {0} ist nicht nutzbar",
            "Prüfen, ob es ein serieller Port ist.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The system speaks its own language, in the midst of every other.
    #[test]
    fn what_the_system_says_is_told_as_technical() {
        let says = "Inappropriate ioctl for device";
        let fault = PortFault::Unusable {
            port: "/dev/null".to_owned(),
            says: says.to_owned(),
        };
        for language in Language::ALL {
            let (why, _) = language.port_fault(&fault);
            let technical = language.technical(says);
            assert_ne!(technical, says, "{language}");
            assert!(why.ends_with(&technical), "{why}");
        }
    }
}
