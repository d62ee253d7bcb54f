//! The program itself, fed a script: how fast it reads, does and answers, and what it keeps.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::report::{Bar, Unit, grouped, nanoseconds_each, per_second, print_table};
use crate::workload::{Direction, Workload};

/// The program that this package builds.
const PROGRAM: &str = env!("CARGO_BIN_EXE_bank");

/// Where scripts are written.
const DIRECTORY: &str = env!("CARGO_TARGET_TMPDIR");

const ACCOUNTS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// With and without the trace, with many in flight and with one in turn, so often, and the best time counts.
const ROUNDS: usize = 3;

/// The script that says what the program needs without any events to speak of: the same accounts, and so few
/// commands.
const FEW_COMMANDS: usize = 1_000;

/// With 256 commands in flight against one, replies only.
const QUIET_AGAINST_ONE: f64 = 2.0;

/// The same with the whole trace.
const TRACED_AGAINST_ONE: f64 = 1.5;

/// The flags of a script that waits for each reply.
const ONE_IN_FLIGHT: [&str; 2] = ["--in-flight", "1"];

/// Replies only: statements a second.
const QUIET_PER_SECOND: f64 = 400_000.0;

/// With the whole trace: statements a second.
const TRACED_PER_SECOND: f64 = 150_000.0;

/// Memory for each event.
const BYTES_PER_EVENT: f64 = 150.0;

/// A program that has not answered after this time will not.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures, prints, and answers with the bars.
pub(crate) fn run(commands: usize) -> Vec<Bar> {
    let script = Script::write(commands).unwrap();
    let short_script = Script::write(FEW_COMMANDS.min(commands)).unwrap();
    let mut bars = speed_bars(&script);
    bars.push(memory_bar(&script, &short_script));
    bars
}

fn speed_bars(script: &Script) -> Vec<Bar> {
    let subjects = [
        ("a script with --quiet", vec!["--quiet"]),
        ("a script with the whole trace", vec![]),
        ("one in flight, with --quiet", [&ONE_IN_FLIGHT[..], &["--quiet"]].concat()),
        ("one in flight, with the whole trace", ONE_IN_FLIGHT.to_vec()),
    ];
    let mut best = [f64::INFINITY; 4];
    for _ in 0..ROUNDS {
        for (best, (_, flags)) in best.iter_mut().zip(&subjects) {
            match script.time(flags) {
                Ok(time) => *best = best.min(nanoseconds_each(time, script.statements)),
                Err(failure) => {
                    println!("The script was not run: {failure}\n");
                    let limits = [QUIET_PER_SECOND, TRACED_PER_SECOND].into_iter().zip(&subjects);
                    let bar = |(limit, (subject, _)): (f64, &(&str, _))| {
                        Bar::not_measured(*subject, format!("at least {}/s", grouped(limit)))
                    };
                    return limits.map(bar).collect();
                }
            }
        }
    }
    let row = |(nanoseconds, (name, _)): (f64, &(&str, _))| {
        [(*name).to_owned(), grouped(nanoseconds), grouped(per_second(nanoseconds))]
    };
    let title = format!("a script of {} statements", grouped(script.statements as f64));
    print_table(
        [&title, "ns/statement", "statements/s"],
        &best.into_iter().zip(&subjects).map(row).collect::<Vec<_>>(),
    );
    let [quiet, traced, quiet_one, traced_one] = best;
    vec![
        Bar::at_least(subjects[0].0, QUIET_PER_SECOND, per_second(quiet), Unit::PerSecond),
        Bar::at_least(subjects[1].0, TRACED_PER_SECOND, per_second(traced), Unit::PerSecond),
        Bar::at_least("256 in flight against one, --quiet", QUIET_AGAINST_ONE, quiet_one / quiet, Unit::Times),
        Bar::at_least("256 in flight against one, traced", TRACED_AGAINST_ONE, traced_one / traced, Unit::Times),
    ]
}

fn memory_bar(script: &Script, short_script: &Script) -> Bar {
    let subject = "memory for each event";
    let peaks = short_script.peak_memory().and_then(|few| Ok((few, script.peak_memory()?)));
    let (few, many) = match peaks {
        Ok(peaks) => peaks,
        Err(failure) => {
            println!("The memory was not measured: {failure}\n");
            return Bar::not_measured(subject, format!("at most {BYTES_PER_EVENT} bytes"));
        }
    };
    let row = |script: &Script, peak: u64| {
        [format!("{} events", grouped(script.events as f64)), grouped(peak as f64 / 1024.0)]
    };
    print_table(["peak resident memory", "KiB"], &[row(short_script, few), row(script, many)]);
    let events = (script.events - short_script.events).max(1);
    Bar::at_most(subject, BYTES_PER_EVENT, many.saturating_sub(few) as f64 / events as f64, Unit::Bytes)
}

/// A script in a file, which is removed in the end.
struct Script {
    path: PathBuf,
    statements: usize,
    events: usize,
    /// What the program must answer to the last statement.
    last_reply: String,
}

impl Drop for Script {
    fn drop(&mut self) {
        // A file left behind in the build directory does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

impl Script {
    /// Opens a bank and its accounts, runs the workload, and asks for one balance.
    fn write(commands: usize) -> io::Result<Self> {
        let workload = Workload::new(ACCOUNTS, 0, commands);
        let path = Path::new(DIRECTORY).join(format!("script-{}-{commands}.bank", std::process::id()));
        let mut file = BufWriter::new(File::create(&path)?);
        writeln!(file, "Bank.open")?;
        for name in &workload.account_names {
            writeln!(file, "Bank.create {name:?}")?;
        }
        for request in &workload.commands {
            let function = match request.direction {
                Direction::Deposit => "deposit",
                Direction::Withdrawal => "withdraw",
            };
            writeln!(file, "Bank.{function} {:?}, {}", workload.name(*request), request.amount)?;
        }
        writeln!(file, "Bank.check_balance {:?}", workload.account_names[0])?;
        file.flush()?;
        // A declined withdrawal is an event too.
        let events = workload.account_names.len() + commands;
        let last_reply = workload.expected_balances()[0].to_string();
        Ok(Self { path, statements: events + 2, events, last_reply })
    }

    /// The time from starting the program to its end, with the script as its standard input.
    fn time(&self, flags: &[&str]) -> Result<Duration, String> {
        let start = Instant::now();
        let mut program = Program::start(flags, File::open(&self.path).map_err(in_words)?.into())?;
        let mut output = Output::default();
        output.read_to_end(program.output()?).map_err(in_words)?;
        let status = program.wait()?;
        let elapsed = start.elapsed();
        self.check(&output, status)?;
        Ok(elapsed)
    }

    /// The most memory that the program had, in bytes, once it has answered the last statement. It is asked
    /// before its input ends, while it is still there to be asked.
    fn peak_memory(&self) -> Result<u64, String> {
        let mut program = Program::start(&["--quiet"], Stdio::piped())?;
        let feeder = self.feed(program.input()?)?;
        let (all_answered, answered) = mpsc::channel();
        let mut source = program.output()?;
        let statements = self.statements;
        let reader = thread::spawn(move || {
            let mut output = Output::default();
            while output.read_from(&mut source)? > 0 {
                if output.lines >= statements {
                    // Nobody listens any more only when patience was lost.
                    let _ = all_answered.send(());
                }
            }
            Ok::<_, io::Error>(output)
        });
        // It may also have ended without an answer to everything, which the check below finds.
        let waited = answered.recv_timeout(PATIENCE);
        if waited == Err(mpsc::RecvTimeoutError::Timeout) {
            return Err(format!("it has not answered {statements} statements in {PATIENCE:?}"));
        }
        let peak = program.peak_memory();
        drop(feeder.join());
        let output = reader.join().map_err(|_| "its output could not be read".to_owned())?.map_err(in_words)?;
        let status = program.wait()?;
        self.check(&output, status)?;
        peak
    }

    /// Copies the script into the program's input, which stays open until the thread is joined and its
    /// answer dropped.
    fn feed(&self, mut input: ChildStdin) -> Result<JoinHandle<ChildStdin>, String> {
        let mut script = File::open(&self.path).map_err(in_words)?;
        Ok(thread::spawn(move || {
            // A program that stops reading says why in its own way.
            let _ = io::copy(&mut script, &mut input);
            input
        }))
    }

    fn check(&self, output: &Output, status: ExitStatus) -> Result<(), String> {
        if !status.success() {
            return Err(format!("{PROGRAM} failed: {status}"));
        }
        if output.lines == 0 {
            return Err(format!("{PROGRAM} printed nothing"));
        }
        let last_line = output.last_line();
        if output.lines < self.statements || last_line != self.last_reply {
            return Err(format!(
                "{PROGRAM} printed {} lines for {} statements and ended with {last_line:?} instead of {:?}",
                output.lines, self.statements, self.last_reply,
            ));
        }
        Ok(())
    }
}

/// The running program, which does not outlive this value.
struct Program {
    child: Child,
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only when it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// Its log, the declined payments, is thrown away.
    fn start(flags: &[&str], input: Stdio) -> Result<Self, String> {
        let mut command = Command::new(PROGRAM);
        command.args(flags).stdin(input).stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(Self { child: command.spawn().map_err(|error| format!("{PROGRAM} did not start: {error}"))? })
    }

    fn input(&mut self) -> Result<ChildStdin, String> {
        self.child.stdin.take().ok_or_else(|| "it has no input".to_owned())
    }

    fn output(&mut self) -> Result<ChildStdout, String> {
        self.child.stdout.take().ok_or_else(|| "it has no output".to_owned())
    }

    fn wait(&mut self) -> Result<ExitStatus, String> {
        self.child.wait().map_err(in_words)
    }

    fn peak_memory(&self) -> Result<u64, String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).map_err(in_words)?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
        let kibibytes: u64 = peak.ok_or("it ended before its memory could be read")?;
        Ok(kibibytes * 1024)
    }
}

/// What the program has printed: counted and thrown away, but for the end.
struct Output {
    lines: usize,
    buffer: Box<[u8]>,
    tail: Vec<u8>,
}

impl Default for Output {
    fn default() -> Self {
        Self { lines: 0, buffer: vec![0; 1 << 16].into(), tail: Vec::new() }
    }
}

impl Output {
    /// Longer than the last line can be.
    const TAIL: usize = 256;

    fn read_to_end(&mut self, mut source: ChildStdout) -> io::Result<()> {
        while self.read_from(&mut source)? > 0 {}
        Ok(())
    }

    /// Reads what is there; nothing at the end.
    fn read_from(&mut self, source: &mut ChildStdout) -> io::Result<usize> {
        let count = source.read(&mut self.buffer)?;
        let read = &self.buffer[..count];
        self.lines += read.iter().filter(|byte| **byte == b'\n').count();
        self.tail.extend_from_slice(&read[count.saturating_sub(Self::TAIL)..]);
        self.tail.drain(..self.tail.len().saturating_sub(Self::TAIL));
        Ok(count)
    }

    fn last_line(&self) -> String {
        let tail = String::from_utf8_lossy(&self.tail);
        tail.lines().next_back().unwrap_or_default().to_owned()
    }
}

fn in_words(error: io::Error) -> String {
    error.to_string()
}
