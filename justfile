# The commands that people need; `just` lists them. Each is one line that works without just as well.

# Lists the commands
default:
    @just --list

# What CI runs: formatting, lints, the README's commands, generated pages, the book
ci:
    .ci/run

# Runs tests: all, or those whose name contains a word
test *words:
    cargo test --locked {{words}}

# Writes anew what the golden cases with this name expect; read the change before you commit it
golden case:
    UPDATE_GOLDEN=1 cargo test --locked --test golden -- {{case}}

# Writes the generated pages and shows the book (needs mdbook)
book:
    cargo xtask docs
    mdbook serve docs --open

# Converts and proves many generated meshes, in release
long cases="20000":
    PROPTEST_CASES={{cases}} cargo test --locked --release --test proof
