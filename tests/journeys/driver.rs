//! `chromedriver`, one process for each journey.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `chromedriver`; it ends, with its browsers, when this is dropped.
pub(crate) struct Driver {
    process: Child,
    /// Where it listens.
    pub(crate) url: String,
}

impl Driver {
    /// Starts it on a free port. It takes the same one of IPv4 and of IPv6, and ends where only the first was free.
    pub(crate) fn start() -> Driver {
        (0..5)
            .find_map(|_| Driver::try_start())
            .expect("chromedriver says on which port it listens")
    }

    fn try_start() -> Option<Driver> {
        let mut process = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts (Debian: apt-get install chromium chromium-driver)");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let Some(port) = port else {
            let _ = process.wait();
            return None;
        };
        std::thread::spawn(move || lines.for_each(drop)); // or it would block on a full pipe
        Some(Driver {
            process,
            url: format!("http://127.0.0.1:{port}"),
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // SIGTERM lets it end its browsers.
        let _ = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        for _ in 0..50 {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
