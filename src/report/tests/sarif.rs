use super::*;
use crate::report::{Style, sarif};
use expect_test::expect;
use serde_json::Value;

#[test]
fn findings_and_differences_become_results() {
    expect![[r#"
        {
          "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
          "version": "2.1.0",
          "runs": [
            {
              "tool": {
                "driver": {
                  "name": "meshlift",
                  "version": "0.1.0",
                  "rules": [
                    {
                      "id": "access-undecided",
                      "shortDescription": {
                        "text": "access that could be neither proved equal nor shown to differ"
                      },
                      "fullDescription": {
                        "text": "Either the rules of this workload are so many or so entangled that the comparison ran out of its budget (then sampled requests were compared as far as the budget allowed, and none of them differed), or something that bears on its pods could not be read or is not understood in full. The message says which. A difference that nothing showed would go unnoticed."
                      },
                      "help": {
                        "text": "Either the rules of this workload are so many or so entangled that the comparison ran out of its budget (then sampled requests were compared as far as the budget allowed, and none of them differed), or something that bears on its pods could not be read or is not understood in full. The message says which.\n\nA difference that nothing showed would go unnoticed.\n\nIf the budget ran out, allow more with `--proof-budget 10`; if something is not understood, mend it. Otherwise read the old and the new rules of this workload side by side before the result is applied.",
                        "markdown": "**Cause:** Either the rules of this workload are so many or so entangled that the comparison ran out of its budget (then sampled requests were compared as far as the budget allowed, and none of them differed), or something that bears on its pods could not be read or is not understood in full. The message says which.\n\n**Risk:** A difference that nothing showed would go unnoticed.\n\n**Remedy:** If the budget ran out, allow more with `--proof-budget 10`; if something is not understood, mend it. Otherwise read the old and the new rules of this workload side by side before the result is applied."
                      },
                      "defaultConfiguration": {
                        "level": "warning"
                      },
                      "properties": {
                        "tags": [
                          "security",
                          "istio"
                        ]
                      }
                    },
                    {
                      "id": "access-wider",
                      "shortDescription": {
                        "text": "requests that were denied become allowed"
                      },
                      "fullDescription": {
                        "text": "Both sets of objects were compared for every workload, port and kind of traffic, and a request was found that the old set denies and the new set allows. Callers reach what they could not reach before, and nothing fails that would draw attention to it."
                      },
                      "help": {
                        "text": "Both sets of objects were compared for every workload, port and kind of traffic, and a request was found that the old set denies and the new set allows.\n\nCallers reach what they could not reach before, and nothing fails that would draw attention to it.\n\nLook at the request shown and at the rules that decide it, mend the rule that lets it in, and compare again.",
                        "markdown": "**Cause:** Both sets of objects were compared for every workload, port and kind of traffic, and a request was found that the old set denies and the new set allows.\n\n**Risk:** Callers reach what they could not reach before, and nothing fails that would draw attention to it.\n\n**Remedy:** Look at the request shown and at the rules that decide it, mend the rule that lets it in, and compare again."
                      },
                      "defaultConfiguration": {
                        "level": "error"
                      },
                      "properties": {
                        "tags": [
                          "security",
                          "istio",
                          "wider"
                        ]
                      }
                    },
                    {
                      "id": "sample-host-case",
                      "shortDescription": {
                        "text": "hosts that now ignore case"
                      },
                      "fullDescription": {
                        "text": "Old rules compared hosts with case, new rules do not. A request whose host differs only in case is allowed."
                      },
                      "help": {
                        "text": "Old rules compared hosts with case, new rules do not.\n\nA request whose host differs only in case is allowed.\n\nAccept it with --allow sample-host-case, or use --strict.",
                        "markdown": "**Cause:** Old rules compared hosts with case, new rules do not.\n\n**Risk:** A request whose host differs only in case is allowed.\n\n**Remedy:** Accept it with --allow sample-host-case, or use --strict."
                      },
                      "defaultConfiguration": {
                        "level": "warning"
                      },
                      "properties": {
                        "tags": [
                          "security",
                          "istio",
                          "wider"
                        ]
                      }
                    },
                    {
                      "id": "sample-no-inventory",
                      "shortDescription": {
                        "text": "a run without an inventory"
                      },
                      "fullDescription": {
                        "text": "No Service and no workload was read. Roles that name services cannot be placed."
                      },
                      "help": {
                        "text": "No Service and no workload was read.\n\nRoles that name services cannot be placed.\n\nAdd --inventory.",
                        "markdown": "**Cause:** No Service and no workload was read.\n\n**Risk:** Roles that name services cannot be placed.\n\n**Remedy:** Add --inventory."
                      },
                      "defaultConfiguration": {
                        "level": "note"
                      },
                      "properties": {
                        "tags": [
                          "security",
                          "istio"
                        ]
                      }
                    },
                    {
                      "id": "sample-unknown-service",
                      "shortDescription": {
                        "text": "a role that names a service nobody declares"
                      },
                      "fullDescription": {
                        "text": "The role names a service, and no Service of that name was read. Without the Service nobody can say which pods the role protects."
                      },
                      "help": {
                        "text": "The role names a service, and no Service of that name was read.\n\nWithout the Service nobody can say which pods the role protects.\n\nRead the Service too: kubectl get service -n shop -o yaml > services.yaml, then --inventory services.yaml.",
                        "markdown": "**Cause:** The role names a service, and no Service of that name was read.\n\n**Risk:** Without the Service nobody can say which pods the role protects.\n\n**Remedy:** Read the Service too: kubectl get service -n shop -o yaml > services.yaml, then --inventory services.yaml."
                      },
                      "defaultConfiguration": {
                        "level": "error"
                      },
                      "properties": {
                        "tags": [
                          "security",
                          "istio"
                        ]
                      }
                    }
                  ]
                }
              },
              "columnKind": "unicodeCodePoints",
              "results": [
                {
                  "ruleId": "sample-no-inventory",
                  "ruleIndex": 3,
                  "level": "note",
                  "message": {
                    "text": "No Service and no workload was read. Add --inventory."
                  },
                  "properties": {
                    "direction": "none"
                  }
                },
                {
                  "ruleId": "sample-host-case",
                  "ruleIndex": 2,
                  "level": "warning",
                  "message": {
                    "text": "The host \"API\" is compared without case. Accept it with --allow sample-host-case, or use --strict."
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "not-kept.yaml"
                        },
                        "region": {
                          "startLine": 7,
                          "startColumn": 3
                        }
                      }
                    }
                  ],
                  "properties": {
                    "direction": "wider"
                  }
                },
                {
                  "ruleId": "sample-unknown-service",
                  "ruleIndex": 4,
                  "level": "error",
                  "message": {
                    "text": "ServiceRole shop/viewer names the service \"cart.shop.svc.cluster.local\", and no Service of that name was read. Read the Service too: kubectl get service -n shop -o yaml > services.yaml, then --inventory services.yaml."
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "roles.yaml"
                        },
                        "region": {
                          "startLine": 8,
                          "startColumn": 16,
                          "endLine": 8,
                          "endColumn": 45
                        }
                      }
                    }
                  ],
                  "relatedLocations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "web/bindings.yaml"
                        },
                        "region": {
                          "startLine": 9,
                          "startColumn": 32,
                          "endLine": 9,
                          "endColumn": 45
                        }
                      },
                      "id": 0,
                      "message": {
                        "text": "bound here"
                      }
                    },
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "roles.yaml"
                        },
                        "region": {
                          "startLine": 9,
                          "startColumn": 5,
                          "endLine": 9,
                          "endColumn": 19
                        }
                      },
                      "id": 1,
                      "message": {
                        "text": "the role allows this"
                      }
                    }
                  ],
                  "properties": {
                    "direction": "none"
                  }
                },
                {
                  "ruleId": "sample-host-case",
                  "ruleIndex": 2,
                  "level": "warning",
                  "message": {
                    "text": "The host \"Cart.Shop\" is compared without case, 100% of the time. Accept it with --allow sample-host-case, or use --strict."
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "roles.yaml"
                        },
                        "region": {
                          "startLine": 12,
                          "startColumn": 16,
                          "endLine": 12,
                          "endColumn": 25
                        }
                      }
                    }
                  ],
                  "properties": {
                    "direction": "wider"
                  }
                },
                {
                  "ruleId": "access-wider",
                  "ruleIndex": 1,
                  "level": "error",
                  "message": {
                    "text": "Deployment shop/cart, port 8080, HTTP: some requests that were denied become allowed. Request: from cluster.local/ns/web/sa/front over mutual TLS: GET /v1/items on shop/cart port 8080; header x-env: prod|`x`. Before: denied (no rule of any ServiceRole matches). After: allowed (rule 1 of AuthorizationPolicy shop/viewer, roles.yaml:8)."
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "roles.yaml"
                        },
                        "region": {
                          "startLine": 8,
                          "startColumn": 3,
                          "endLine": 8,
                          "endColumn": 7
                        }
                      }
                    }
                  ],
                  "properties": {
                    "direction": "wider"
                  }
                },
                {
                  "ruleId": "access-undecided",
                  "ruleIndex": 0,
                  "level": "warning",
                  "message": {
                    "text": "Deployment shop/front, ports that no Service declares, TCP: not everything is proved: the proof ran out of its budget at 440 prefixes and 440 suffixes of the path; 10000 sampled requests were compared and none differs."
                  },
                  "properties": {
                    "direction": "none"
                  }
                }
              ]
            }
          ]
        }
    "#]].assert_eq(&sarif::render(&sample(), &Style::PLAIN));
}

#[test]
fn every_log_validates_against_the_schema_of_oasis() {
    // One pattern in it, of a field that meshlift does not write, is no regular expression.
    let schema = include_str!("../../../tests/schemas/sarif-2.1.0.json").replace("{2}]?$", "{2}\\\\]?$");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for report in [sample(), comparison(), Report::default()] {
        let log: Value = serde_json::from_str(&sarif::render(&report, &Style::PLAIN)).expect("SARIF is JSON");
        let errors: Vec<String> =
            validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let wrong = serde_json::json!({"version": "2.1.0", "runs": [{"results": []}]});
    assert!(!validator.is_valid(&wrong), "a run without a tool is no SARIF");
}

#[test]
fn every_result_names_a_rule_of_its_run_and_a_level() {
    let log: Value = serde_json::from_str(&sarif::render(&sample(), &Style::PLAIN)).expect("SARIF is JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), sample().findings.len() + 2);
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")));
        assert!(!result["message"]["text"].as_str().expect("a message").is_empty());
        for location in result["locations"].as_array().into_iter().flatten() {
            assert!(location["physicalLocation"]["region"]["startLine"].as_u64() >= Some(1));
        }
    }
}

#[test]
fn a_region_over_many_lines_ends_where_its_span_ends() {
    let place = Place {
        span: Span { start: 0, end: ROLES.find("metadata").expect("there") + 8 },
        ..place("a b.yaml", ROLES, "a")
    };
    let report = Report {
        findings: vec![Finding::new(Code::of(&NOTHING_READ), "Here.").at(place)],
        sources: [("a b.yaml".into(), ROLES.into())].into(),
        ..Report::default()
    };
    let log: Value = serde_json::from_str(&sarif::render(&report, &Style::PLAIN)).expect("SARIF is JSON");
    let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "a%20b.yaml");
    assert_eq!(location["region"]["endLine"], 3);
    assert_eq!(location["region"]["endColumn"], 9);
}
