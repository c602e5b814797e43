//! Binding a lane to a place in `station.toml`, all else in the file as it was.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::config::{Config, LaneConfig};

/// The text with the lane bound so: changed where there is a lane of that name, else added at the end.
///
/// # Errors
/// Why it cannot be so, in words: another lane has that port, or the text is none that can be read.
pub fn bind_lane(text: &str, lane: &LaneConfig) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error| format!("{error}"))?;
    let lanes = document
        .entry("lane")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let lanes = lanes
        .as_array_of_tables_mut()
        .ok_or("its lanes are not written as [[lane]]")?;
    let name = lane.name.as_str();
    let named = |table: &Table| table.get("name").and_then(Item::as_str) == Some(name);
    let at = lanes.iter().position(named);
    if at.is_none() {
        let mut table = Table::new();
        table.insert("name", value(name));
        lanes.push(table);
    }
    let at = at.unwrap_or(lanes.len().saturating_sub(1));
    let table = lanes.get_mut(at).ok_or("its lanes cannot be changed")?;
    table.insert("port", value(lane.port.display().to_string()));
    match &lane.adapter {
        Some(adapter) => drop(table.insert("adapter", value(adapter))),
        None => drop(table.remove("adapter")),
    }
    if table.get("baud").is_none() {
        table.insert("baud", value(i64::from(lane.baud)));
    }
    let bound = document.to_string();
    // The same rules for programs as for people.
    Config::parse(&bound).map_err(|fault| fault.to_string())?;
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use super::super::config::tests::sample;
    use super::*;
    use crate::names::LaneName;

    fn lane(name: &str, port: &str, adapter: Option<&str>) -> LaneConfig {
        LaneConfig {
            name: LaneName::parse(name).unwrap(),
            port: port.into(),
            baud: 115_200,
            adapter: adapter.map(str::to_owned),
        }
    }

    #[test]
    fn a_lane_is_changed_or_added_and_all_else_stays() {
        let text = format!("# kept\n{}", sample());
        let place = "/dev/serial/by-path/usb-0:2";
        let bound = bind_lane(&text, &lane("lane0", place, Some("A5"))).unwrap();
        let expected = text.replace(
            "port = \"/dev/ttyUSB0\"\nbaud = 115200\n",
            &format!("port = \"{place}\"\nbaud = 115200\nadapter = \"A5\"\n"),
        );
        assert_eq!(bound, expected);
        let added = bind_lane(&bound, &lane("right", "/dev/serial/by-path/usb-0:3", None)).unwrap();
        assert!(added.starts_with(&bound), "{added}");
        let config = Config::parse(&added).unwrap();
        assert_eq!(config.lanes.len(), 2);
        assert_eq!(config.lanes[0].adapter.as_deref(), Some("A5"));
        let again = bind_lane(&added, &lane("lane0", place, None)).unwrap();
        assert_eq!(Config::parse(&again).unwrap().lanes[0].adapter, None);
    }

    #[test]
    fn two_lanes_never_share_a_place() {
        let refused = bind_lane(&sample(), &lane("right", "/dev/ttyUSB0", None)).unwrap_err();
        assert!(refused.contains("listed twice"), "{refused}");
    }
}
