//! The attributes of a request that policies can look at, and which values each can have.
//!
//! Composite values are kept in parts, so that every pattern becomes a condition on parts that do not depend on each
//! other: the peer identity `TD/ns/NS/sa/SA` is three attributes behind [`Attribute::Mtls`], `:path` is the path and
//! the query, `request.auth.principal` is issuer and subject (`terms` does the translation). Then a request is one
//! free choice per attribute.

use std::fmt;
use std::net::Ipv6Addr;

/// One attribute of a request or of its connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// Present when the connection is mutual TLS of the mesh; such a peer always has an identity.
    Mtls,
    /// Trust domain of the peer identity. Means something only with [`Attribute::Mtls`].
    TrustDomain,
    /// Namespace of the peer identity. Means something only with [`Attribute::Mtls`].
    Namespace,
    /// Service account of the peer identity. Means something only with [`Attribute::Mtls`].
    ServiceAccount,
    /// Address of the direct peer.
    SourceIp,
    /// Address from `X-Forwarded-For` or the proxy protocol.
    RemoteIp,
    /// Local address of the connection.
    DestinationIp,
    /// Container port, in decimal. Free only where all undeclared ports are compared at once.
    Port,
    /// Server name asked for in the TLS handshake; absent is the empty name.
    Sni,
    /// `:method`.
    Method,
    /// `:path` before the first `?`.
    Path,
    /// `:path` after the first `?`; absent without one, may be empty.
    Query,
    /// `:authority`.
    Host,
    /// A request header, by lower-case name.
    Header(String),
    /// `good`: correctly signed and in date; `bad`: anything else that calls itself a token; absent: none.
    Token,
    /// Where the token is carried.
    TokenLocation,
    /// The key set that a good token is signed with.
    TokenKey,
    /// `iss` of a good token.
    Issuer,
    /// `sub` of a good token.
    Subject,
    /// The first `aud` of a good token.
    Audience,
    /// The `aud` after the first.
    OtherAudiences,
    /// `azp` of a good token.
    Presenter,
    /// Any other claim of a good token, as a list of strings. Nested claims are joined by `][`.
    Claim(String),
    /// Present when a claim is not a list but one string, its elements joined by spaces (two at least). Old releases
    /// split it, new ones only for claims they are told to (E80).
    Spaced(String),
    /// Present when a claim is a list that also holds something else than strings, and not [`Attribute::Spaced`]: old
    /// releases did not see such a claim, new ones see its strings (E132).
    Mixed(String),
    /// String metadata of another Envoy filter: `FILTER[KEY]`.
    Metadata(String),
    /// List metadata of another Envoy filter: `FILTER[KEY]`.
    MetadataList(String),
    /// A condition that is not looked into, named by a sentence part; the same on both sides, otherwise free.
    Opaque(String),
}

impl Attribute {
    /// True when the attribute holds a set of strings, and a test asks for any element.
    pub fn is_list(&self) -> bool {
        matches!(self, Attribute::OtherAudiences | Attribute::Claim(_) | Attribute::MetadataList(_))
    }

    /// True when a request may come without the attribute.
    pub fn may_be_absent(&self) -> bool {
        use Attribute::*;
        match self {
            Mtls | Sni | Query | Header(_) | Token | Subject | Audience | Presenter | Metadata(_) | Opaque(_)
            | Spaced(_) | Mixed(_) => true,
            OtherAudiences | Claim(_) | MetadataList(_) => true,
            TrustDomain | Namespace | ServiceAccount | SourceIp | RemoteIp | DestinationIp | Port | Method | Path
            | Host | TokenLocation | TokenKey | Issuer => false,
        }
    }

    /// True when requests with this value exist. Left out: identities that are not `TD/ns/NS/sa/SA`, paths without a
    /// leading slash or with a fragment, and empty strings (headers, claims) which the specs call negligible.
    pub fn admits(&self, text: &str) -> bool {
        use Attribute::*;
        match self {
            Query => true,
            TrustDomain | Namespace | ServiceAccount => !text.is_empty() && !text.contains('/'),
            Path => text.starts_with('/') && !text.contains(['?', '#']),
            Mtls | Opaque(_) | Spaced(_) | Mixed(_) => text == YES,
            Token => text == GOOD || text == BAD,
            Port => text.parse::<u16>().is_ok_and(|port| port > 0),
            // Connections from IPv4 have an IPv4 address, also on sockets for both.
            SourceIp | RemoteIp | DestinationIp => {
                !text.parse::<Ipv6Addr>().is_ok_and(|address| address.to_ipv4_mapped().is_some())
            }
            _ => !text.is_empty(),
        }
    }

    /// Values to try first, most ordinary first: they make counterexamples readable.
    pub fn ordinary(&self) -> &'static [&'static str] {
        use Attribute::*;
        match self {
            Mtls | Opaque(_) | Spaced(_) | Mixed(_) => &[YES],
            TrustDomain => &["cluster.local", "other.domain"],
            Namespace => &["other", "elsewhere"],
            ServiceAccount => &["other", "somebody"],
            SourceIp | RemoteIp => &["198.51.100.7", "2001:db8::7"],
            DestinationIp => &["10.0.0.7"],
            Port => &[],
            Sni => &["sni.example"],
            Method => &["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"],
            Path => &["/", "/other"],
            Query => &["q=1"],
            Host => &["service.example", "other.example"],
            Token => &[GOOD, BAD],
            TokenLocation => &["header authorization: Bearer"],
            TokenKey => &["some other key set"],
            Issuer => &["https://other-issuer.example"],
            Subject => &["someone"],
            Audience | OtherAudiences => &["some-audience"],
            Presenter => &["some-client"],
            Header(_) | Claim(_) | Metadata(_) | MetadataList(_) => &["other"],
        }
    }
}

/// The value of a flag that is set.
pub const YES: &str = "yes";
/// [`Attribute::Token`] of a correctly signed token that is in date.
pub const GOOD: &str = "good";
/// [`Attribute::Token`] of anything else that calls itself a token.
pub const BAD: &str = "bad";

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Attribute::*;
        match self {
            Mtls => f.write_str("mutual TLS"),
            TrustDomain => f.write_str("trust domain"),
            Namespace => f.write_str("peer namespace"),
            ServiceAccount => f.write_str("peer service account"),
            SourceIp => f.write_str("source ip"),
            RemoteIp => f.write_str("remote ip"),
            DestinationIp => f.write_str("destination ip"),
            Port => f.write_str("port"),
            Sni => f.write_str("sni"),
            Method => f.write_str("method"),
            Path => f.write_str("path"),
            Query => f.write_str("query"),
            Host => f.write_str("host"),
            Header(name) => write!(f, "header {name}"),
            Token => f.write_str("token"),
            TokenLocation => f.write_str("token in"),
            TokenKey => f.write_str("token signed with"),
            Issuer => f.write_str("token iss"),
            Subject => f.write_str("token sub"),
            Audience => f.write_str("token aud"),
            OtherAudiences => f.write_str("token aud, further"),
            Presenter => f.write_str("token azp"),
            Claim(name) => write!(f, "token claim {}", name.replace("][", ".")),
            Spaced(name) => write!(f, "token claim {name} as one string"),
            Mixed(name) => write!(f, "token claim {name} as a list with a number"),
            Metadata(key) | MetadataList(key) => write!(f, "metadata {key}"),
            Opaque(what) => f.write_str(what),
        }
    }
}
