//! The sandbox as a program: `admit-one-sandbox --listen 127.0.0.1:8900 --app-url http://localhost:8800`.

use std::{process::ExitCode, time::Duration};

use admit_one_sandbox::{Sandbox, SandboxOptions, System};
use clap::Parser;

/// An OpenID provider and four vendors' systems, with personas and faults, their control page, and a ticket shop.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8900")]
    listen: String,
    /// Where browsers and the backend reach the sandbox [default: http://localhost with the port]
    #[arg(long)]
    public_url: Option<String>,
    /// Where the app is: its callbacks are registered, and its grants are taken.
    #[arg(long, default_value = "http://localhost:8800")]
    app_url: String,
    /// Where a partner's page with the widget listens; without it there is none.
    #[arg(long)]
    partner_listen: Option<String>,
    /// Where the shop is reached [default: http://shop.localhost with the port]
    #[arg(long)]
    shop_url: Option<String>,
    /// The secret that the shop shares with the backend (HS256).
    #[arg(long, env = "SHOP_GRANT_SECRET", hide_env_values = true, default_value = SandboxOptions::SHOP_SECRET)]
    shop_secret: String,
    /// Gives each persona another e-mail address at each vendor's system, so that it is another contact there.
    #[arg(long)]
    own_emails: bool,
    /// Seconds that the fault `token_slow` takes.
    #[arg(long, default_value_t = 15)]
    slow: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("admit-one-sandbox: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> std::io::Result<()> {
    let listener = listen(&arguments.listen).await?;
    let partner = match &arguments.partner_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let port = listener.local_addr()?.port();
    let public_url = arguments
        .public_url
        .unwrap_or_else(|| format!("http://localhost:{port}"));
    let mut options = SandboxOptions::new(&public_url, &arguments.app_url);
    options.shop_secret = arguments.shop_secret;
    options.slow = Duration::from_secs(arguments.slow);
    if let Some(shop_url) = arguments.shop_url {
        shop_url
            .trim_end_matches('/')
            .clone_into(&mut options.shop_url);
    }
    let sandbox = Sandbox::new(options);
    sandbox
        .change_settings(serde_json::json!({ "own_emails": arguments.own_emails }))
        .map_err(std::io::Error::other)?;
    println!("control page  {}", sandbox.options().public_url);
    println!("issuer        {}", sandbox.issuer());
    for system in System::ALL.into_iter().filter(|one| *one != System::Club) {
        println!("{:13} {}", system.title(), sandbox.options().url_of(system));
    }
    if let Some(partner) = partner {
        let port = partner.local_addr()?.port();
        println!("{:13} http://partner.localhost:{port}", "a partner");
        let router = sandbox.partner_router();
        tokio::spawn(async move { axum::serve(partner, router).await });
    }
    axum::serve(listener, sandbox.router())
        .with_graceful_shutdown(asked_to_stop())
        .await
}

async fn listen(address: &str) -> std::io::Result<tokio::net::TcpListener> {
    let listening = tokio::net::TcpListener::bind(address).await;
    listening
        .map_err(|why| std::io::Error::new(why.kind(), format!("can't listen on {address}: {why}")))
}

async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => {
                tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
            }
            Err(_) => drop(interrupted.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupted.await);
}
