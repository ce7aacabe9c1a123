//! What is stated about the mesh: `--assume` first, then `mesh:` of the settings file.

use super::super::args::MeshArgs;
use super::super::config::MeshFacts;
use super::source::{CONFIG_FILE, InForce};
use crate::mesh::{Fact, Facts, Sniffing, Stated};

/// The facts of a run. The command line wins over the settings file, key by key.
///
/// # Errors
/// When two options contradict each other, or a setting means nothing.
pub fn stated(args: &MeshArgs, in_force: &InForce) -> anyhow::Result<Facts> {
    let mut facts = Facts::default();
    for fact in &args.assume {
        let by = format!("--assume {fact}");
        facts.state(Stated { fact: fact.clone(), by }).map_err(anyhow::Error::msg)?;
    }
    if args.inbound_sniffing {
        let by = "--inbound-sniffing".to_owned();
        facts.state(Stated { fact: Fact::Sniffing(Sniffing::On), by }).map_err(anyhow::Error::msg)?;
    }
    let file = in_force.name.as_deref().unwrap_or(CONFIG_FILE);
    let mut settings = Facts::default();
    let MeshFacts { rbac, mtls, sniffing } = &in_force.config.mesh;
    for (key, word) in [("rbac", rbac), ("mtls", mtls), ("sniffing", sniffing)] {
        let Some(word) = word else { continue };
        let wrong = |message: String| in_force.wrong(&format!("/mesh/{key}"), &message);
        let fact = Fact::new(key, word.text()).map_err(wrong)?;
        settings.state(Stated { fact, by: format!("{file} mesh.{key}") }).map_err(wrong)?;
    }
    if in_force.config.inbound_sniffing {
        let stated = Stated { fact: Fact::Sniffing(Sniffing::On), by: format!("{file} inboundSniffing") };
        settings.state(stated).map_err(|message| in_force.wrong("/inboundSniffing", &message))?;
    }
    facts.or(settings);
    Ok(facts)
}
