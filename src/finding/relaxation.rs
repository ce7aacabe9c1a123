//! Differences that are accepted by name (`inside/design.md` §6.3).

/// A difference in access that is accepted by name, and stated wherever it is used. `--strict` accepts none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relaxation {
    /// Requests with a query string are not compared.
    QueryString,
    /// Hosts are compared in lower case only.
    HostCase,
    /// Tokens with a claim that is one text with spaces, which the old side split and the new one takes as a whole, are not
    /// compared where they would lose access.
    ClaimForm,
    /// Tokens with a claim that is a list which also holds other things than texts are not compared: the old side did not
    /// see such a claim, the new one sees its texts.
    MixedClaimList,
    /// Ports and pods that no Service declares are not compared.
    UndeclaredPorts,
    /// 401 or 403 is the same.
    DenialStatus,
    /// Invalid tokens where no token was needed are not compared.
    BadTokenRejected,
    /// CORS preflights with an invalid token, which a RequestAuthentication refused before Istio 1.14, are not compared.
    PreflightToken,
}

impl Relaxation {
    /// All of them.
    pub const ALL: [Relaxation; 8] = [
        Relaxation::QueryString,
        Relaxation::HostCase,
        Relaxation::ClaimForm,
        Relaxation::MixedClaimList,
        Relaxation::UndeclaredPorts,
        Relaxation::DenialStatus,
        Relaxation::BadTokenRejected,
        Relaxation::PreflightToken,
    ];

    /// The name used on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Relaxation::QueryString => "query-string",
            Relaxation::HostCase => "host-case",
            Relaxation::ClaimForm => "claim-form",
            Relaxation::MixedClaimList => "mixed-claim-list",
            Relaxation::UndeclaredPorts => "undeclared-ports",
            Relaxation::DenialStatus => "denial-status",
            Relaxation::BadTokenRejected => "bad-token-rejected",
            Relaxation::PreflightToken => "preflight-token",
        }
    }

    /// The relaxation of this name.
    pub fn find(name: &str) -> Option<Relaxation> {
        Relaxation::ALL.into_iter().find(|relaxation| relaxation.name() == name)
    }
}
