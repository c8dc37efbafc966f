//! `admit-one`: serve, check, import, openapi.

use std::{path::PathBuf, process::ExitCode};

use admit_one_backend::{App, Config, OPENAPI, import, serve, start_log};
use clap::{Parser, Subcommand};

/// A call allocates some fifty kibibytes and gives them back; glibc's allocator keeps cutting and joining those.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Signs ticket buyers in.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The configuration.
    #[arg(long, global = true, default_value = "admit-one.toml")]
    config: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the app and its calls.
    Serve,
    /// Checks the configuration without starting.
    Check {
        /// Asks every provider and the database, too.
        #[arg(long)]
        probe: bool,
    },
    /// Imports contacts from a JSON array of `{"contact_number": "…", "profile": {"email": "…", …}}`.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Prints the description of the interface.
    Openapi,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::Openapi = arguments.command {
        println!("{OPENAPI}");
        return ExitCode::SUCCESS;
    }
    let outcome = read(&arguments.config).and_then(|config| match arguments.command {
        Command::Serve => runtime()?.block_on(run(config)),
        Command::Check { probe } => {
            println!(
                "{}: fine, {} provider(s)",
                arguments.config.display(),
                config.providers.len()
            );
            if !config.app_dir.join("index.html").is_file() {
                println!(
                    "app: no `index.html` in {} (`server.app_dir`), so that pages would be answered with 503",
                    config.app_dir.display()
                );
            }
            if config.support_url.is_none() {
                println!(
                    "support: no `server.support_url`, so that pages tell buyers to contact support and not how"
                );
            }
            if probe {
                runtime()?.block_on(ask(config))
            } else {
                Ok(())
            }
        }
        Command::Import { file } => runtime()?.block_on(import_file(config, &file)),
        Command::Openapi => Ok(()),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &std::path::Path) -> Result<Config, String> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        format!(
            "{}: {error}. Another file is named with `--config`",
            path.display()
        )
    })?;
    Config::parse(&text, &path.display().to_string(), &|name| {
        std::env::var(name).ok()
    })
    .map_err(|error| error.to_string())
}

/// As many threads as there are cores for us; one core needs no other thread to wait for.
fn runtime() -> Result<tokio::runtime::Runtime, String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = if cores == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    builder
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
}

async fn run(config: Config) -> Result<(), String> {
    start_log(&config);
    hold_all_connections();
    let (listen, public_url) = (config.listen.clone(), config.public_url.clone());
    let listener = tokio::net::TcpListener::bind(&listen)
        .await
        .map_err(|error| format!("can't listen on {listen}: {error}"))?;
    let app = App::start(config)
        .await
        .map_err(|error| error.to_string())?;
    tracing::info!(listen, public_url, "serving");
    serve(app, listener, stop())
        .await
        .map_err(|error| error.to_string())
}

/// Many systems let a process hold 1024 files and sockets unless it asks for more, which browsers that keep theirs use up.
fn hold_all_connections() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(cause = %error, "no more connections than the system's default can be held");
    }
}

/// Until somebody asks us to stop.
async fn stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

async fn import_file(config: Config, file: &std::path::Path) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let new = import(&config, &text)
        .await
        .map_err(|error| failed(&error))?;
    println!("{}: {new} new contact(s)", file.display());
    Ok(())
}

async fn ask(config: Config) -> Result<(), String> {
    let app = App::start(config)
        .await
        .map_err(|error| error.to_string())?;
    println!("database: fine");
    let mut failed = 0;
    for (name, answer) in app.probe().await {
        match answer {
            Ok(()) => println!("{name}: fine"),
            Err(failure) => {
                failed += 1;
                println!(
                    "{name}: {} ({})\n  {}",
                    failure.code,
                    failure.cause,
                    failure.code.advice()
                );
            }
        }
    }
    if failed == 0 {
        Ok(())
    } else {
        Err(format!("not fine: {failed}"))
    }
}
