//! What the shop sells.

/// One event.
pub(crate) struct Event {
    pub(crate) id: &'static str,
    pub(crate) day: &'static str,
    pub(crate) month: &'static str,
    pub(crate) title: &'static str,
    pub(crate) place: &'static str,
    pub(crate) time: &'static str,
    pub(crate) price: &'static str,
}

pub(crate) const EVENTS: [Event; 4] = [
    Event {
        id: "derby",
        day: "12",
        month: "Dec",
        title: "The derby: FC Harbour – United Hills",
        place: "Harbour Stadium, gate C",
        time: "Saturday, 20:30",
        price: "from CHF 35",
    },
    Event {
        id: "nutcracker",
        day: "19",
        month: "Dec",
        title: "The Nutcracker",
        place: "Grand Theatre, main hall",
        time: "Saturday, 19:00",
        price: "from CHF 48",
    },
    Event {
        id: "new-year",
        day: "31",
        month: "Dec",
        title: "New Year's Eve concert",
        place: "Town Hall",
        time: "Thursday, 22:00",
        price: "from CHF 62",
    },
    Event {
        id: "cup-final",
        day: "23",
        month: "May",
        title: "The cup final",
        place: "National Stadium",
        time: "Sunday, 15:00",
        price: "from CHF 55",
    },
];
