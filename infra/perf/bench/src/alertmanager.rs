//! Debian's Alertmanager, for as long as a value of it lives: alone, in memory, telling nobody.

use crate::Error;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where Debian's package puts it.
const BINARY: &str = "/usr/bin/prometheus-alertmanager";
const CONFIGURATION: &str = "route: { receiver: nobody, group_by: [alertname] }\nreceivers: [{ name: nobody }]\n";

/// A running one.
#[derive(Debug)]
pub struct Alertmanager {
    child: Child,
    folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Alertmanager {
    /// Starts one, and waits until it listens.
    ///
    /// # Errors
    /// Where it is not installed or does not come up.
    pub fn start() -> Result<Self, Error> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let folder = std::env::temp_dir().join(format!("tocsin-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("alertmanager.yml"), CONFIGURATION)?;
        let child = Command::new(BINARY)
            .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--cluster.listen-address=", "--log.level=error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{BINARY} (Debian: prometheus-alertmanager): {e}"))?;
        let this = Self { child, folder, address };
        for _ in 0..200 {
            if TcpStream::connect(address).is_ok() {
                return Ok(this);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("{BINARY} does not listen on {address}").into())
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// How long it has been on a processor.
    pub fn cpu(&self) -> Duration {
        cpu_of(self.process())
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// How long a process has been on a processor, in user mode and in the kernel: to a hundredth of a second.
pub fn cpu_of(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name, which may hold blanks: state is the first field, utime and stime the 12th and 13th.
    let fields = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
    let hundredths: u64 = fields.split(' ').skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * hundredths)
}
