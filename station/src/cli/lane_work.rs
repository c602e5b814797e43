//! Binding a lane to a place: the work of the process that owns the home.

use super::failure::Failure;
use super::owner::{Done, Owner};
use crate::clock::UtcMillis;
use crate::ledger::EventStore as _;
use crate::ledger::event::{Actor, Event, Fact, LaneBoundRecord};
use crate::ledger::standing::Durability;
use crate::station_home::{LaneConfig, bind_lane, read_bounded, replace};

/// Binds it: recorded first, in force from the next start of a line on.
pub(super) fn bind(
    owner: &Owner,
    lane: &LaneConfig,
    actor: &Actor,
    now: UtcMillis,
) -> Result<Done, Failure> {
    let path = owner.home.config_path();
    let what = format!("lane {} cannot be bound", lane.name);
    let text = String::from_utf8(read_bounded(&path)?)
        .map_err(|_| Failure::station(&what, "station.toml is no text", "restore it"))?;
    let bound = bind_lane(&text, lane).map_err(|why| {
        Failure::usage(
            &what,
            why,
            "see station lanes list; station.toml is as it was",
        )
    })?;
    let port = lane.port.display().to_string();
    let event = Event::of_station(
        now,
        Fact::LaneBound(LaneBoundRecord {
            lane: lane.name.clone(),
            port: port.clone(),
            adapter: lane.adapter.clone(),
            actor: actor.clone(),
        }),
    );
    owner.ledger.record(vec![event], Durability::Durable)?;
    replace(&path, bound.as_bytes())?;
    let json = serde_json::json!({ "lane": lane.name, "port": port, "adapter": lane.adapter });
    Ok(Done::Fact {
        text: format!(
            "lane {} is bound to {port} in {}, from the next start on",
            lane.name,
            path.display()
        ),
        json: json.to_string(),
    })
}
