//! YAML as people and programs really write it: block and flow style mixed, scalars whose continuation lines stand
//! anywhere, tabs, comments, anchors, tags, document marks; and the same with something wrong in it.
//!
//! Scalars are words that every reader takes for text, so that readers can be compared by structure and text alone.

/// A sequence of numbers that only depends on its seed.
pub struct Dice(u64);

impl Dice {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// True once in `n` times.
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }
}

/// A file of one to three documents.
pub fn file(seed: u64) -> String {
    let mut writer = Writer { dice: Dice::new(seed), out: String::new(), anchors: Vec::new(), keys: 0 };
    writer.file();
    let mut out = writer.out;
    let mut dice = writer.dice;
    if dice.one_in(3) {
        for _ in 0..=dice.below(2) {
            out = damaged(&out, &mut dice);
        }
    }
    if dice.one_in(12) {
        out = out.replace('\n', "\r\n");
    }
    if dice.one_in(10) {
        out.truncate(out.trim_end_matches('\n').len());
    }
    out
}

const WORDS: &[&str] =
    &["a", "bc", "text", "x-z", "some words", "a#b", "a:b", "d.conf", "k8s/x", "-x", "?q", ":p", "ü", "it's"];
const QUOTED: &[&str] =
    &["a", "some words", "# none", "a: b", "- x", "{{ x }}", "{", "}", "[", "], ", "%", "@x", "*x", "&x", "---x", "  "];
const GAPS: &[&str] =
    &[" ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", "  ", "  ", "\t", " \t"];

struct Writer {
    dice: Dice,
    out: String,
    anchors: Vec<String>,
    /// How many keys have an anchor.
    keys: usize,
}

impl Writer {
    fn file(&mut self) {
        if self.dice.one_in(20) {
            self.out.push('\u{feff}');
        }
        let documents = 1 + self.dice.below(3);
        for number in 0..documents {
            self.anchors.clear();
            self.document(number == 0);
        }
    }

    fn document(&mut self, first: bool) {
        if !first && self.dice.one_in(6) {
            self.out.push_str(self.dice.pick(&["...\n", "... # end\n", "...  \n"]));
        }
        if self.dice.one_in(8) {
            self.noise(0);
        }
        if !first || self.dice.one_in(3) {
            if self.dice.one_in(10) && (first || self.out.ends_with("...\n")) {
                self.out.push_str("%YAML 1.1\n");
            }
            self.out.push_str(self.dice.pick(&["---\n", "---\n", "---\n", "--- # next\n", "---  \n", "---\n\n"]));
            if self.dice.one_in(15) {
                self.out.push('\u{feff}');
            }
        }
        self.out.push_str("apiVersion: example.com/v\nkind: Odd\n");
        let indent = 0;
        self.entries(indent, 3, 0);
    }

    /// Blank lines and comments.
    fn noise(&mut self, indent: usize) {
        match self.dice.below(20) {
            0..=5 => self.out.push('\n'),
            6..=12 => self.out.push_str("   \n"),
            13..=18 => {
                self.out.push_str(&" ".repeat(self.dice.below(indent + 4)));
                self.out.push_str("# a comment: {x} 'y\n");
            }
            _ => self.out.push_str("\t# tabbed\n"),
        }
    }

    fn pad(&mut self, indent: usize) {
        self.out.push_str(&" ".repeat(indent));
    }

    /// The entries of a block mapping; the first is not indented when the line is begun already.
    fn entries(&mut self, indent: usize, most: usize, depth: usize) {
        let count = 1 + self.dice.below(most);
        for number in 0..count {
            if self.dice.one_in(8) && self.out.ends_with('\n') {
                self.noise(indent);
            }
            if self.out.ends_with('\n') || self.out.is_empty() {
                self.pad(indent);
            }
            let name = format!(
                "k{}{}",
                ["a", "b", "c", "d"].get(number).unwrap_or(&"e"),
                self.dice.pick(&["", "x", ".conf", " y", "/z"])
            );
            self.key(&name, indent);
            self.value(indent, depth + 1);
        }
    }

    fn key(&mut self, name: &str, indent: usize) {
        let text = match self.dice.below(12) {
            0 => format!("'{name}'"),
            1 => format!("\"{name}\""),
            2 => format!("{name} "),
            3 => {
                self.out.push_str("? ");
                self.out.push_str(name);
                self.out.push('\n');
                self.pad(indent);
                self.out.push(':');
                return;
            }
            4 => {
                self.keys += 1;
                format!("&k{} {name}", self.keys)
            }
            _ => name.to_owned(),
        };
        self.out.push_str(&text);
        self.out.push(':');
    }

    /// The value of a block entry whose `:` or `-` stands at the end of the text; ends its line.
    fn value(&mut self, indent: usize, depth: usize) {
        if self.dice.one_in(12) {
            let anchor = format!("n{}", self.anchors.len());
            self.out.push_str(self.dice.pick(GAPS));
            match self.dice.below(4) {
                0 => self.out.push_str("!!str"),
                1 => self.out.push('!'),
                2 => self.out.push_str(&format!("&{anchor} !!str")),
                _ => {
                    self.out.push_str(&format!("&{anchor}"));
                    self.anchors.push(anchor);
                    return self.plain_value(indent, depth);
                }
            }
            self.out.push_str(self.dice.pick(GAPS));
            self.scalar(indent);
            return self.end_line();
        }
        if self.dice.one_in(25)
            && let Some(anchor) = self.anchors.last().cloned()
        {
            self.out.push_str(&format!(" *{anchor}"));
            return self.end_line();
        }
        self.plain_value(indent, depth);
    }

    fn plain_value(&mut self, indent: usize, depth: usize) {
        let deep = depth > 4;
        match self.dice.below(if deep { 7 } else { 12 }) {
            0 => self.end_line(),
            1..=3 => {
                self.out.push_str(self.dice.pick(GAPS));
                self.scalar(indent);
                self.end_line();
            }
            4 => self.block_scalar(indent),
            5 | 6 => {
                self.out.push_str(self.dice.pick(GAPS));
                self.flow(depth);
                self.end_line();
            }
            7 | 8 => {
                self.end_line();
                let deeper = indent + 1 + self.dice.below(3);
                self.entries(deeper, 3, depth);
            }
            9 => {
                // The value of a key may begin on the next line.
                self.end_line();
                let deeper = indent + 1 + self.dice.below(3);
                self.pad(deeper);
                self.scalar(indent);
                self.end_line();
            }
            _ => {
                self.end_line();
                let deeper = indent + self.dice.below(3);
                self.items(deeper, depth);
            }
        }
    }

    fn items(&mut self, indent: usize, depth: usize) {
        for _ in 0..=self.dice.below(3) {
            if self.dice.one_in(10) {
                self.noise(indent);
            }
            self.pad(indent);
            self.out.push('-');
            match self.dice.below(6) {
                0 => {
                    // A mapping beside its dash.
                    let gap = 1 + self.dice.below(3);
                    self.pad(gap);
                    self.entries(indent + 1 + gap, 2, depth + 1);
                }
                1 if depth < 4 => {
                    self.out.push_str(" -");
                    self.value(indent + 2, depth + 1);
                }
                _ => self.value(indent, depth + 1),
            }
        }
    }

    fn end_line(&mut self) {
        match self.dice.below(60) {
            0..=4 => self.out.push_str(" # aside"),
            5..=9 => self.out.push_str("  "),
            10 => self.out.push('\t'),
            11 => self.out.push_str("\t# aside"),
            _ => {}
        }
        self.out.push('\n');
    }

    /// Where the continuation line of a scalar begins.
    fn fold(&mut self, indent: usize, at_least: usize) {
        for _ in 0..1 + self.dice.below(5) / 4 {
            self.out.push_str(self.dice.pick(&["\n", "\n", "\n", "\n", "\n", "\n", "\n", "\n", " \n", "\t\n"]));
        }
        let column = at_least + self.dice.below(indent + 4);
        self.pad(column);
        if self.dice.one_in(40) {
            self.out.push('\t');
        }
    }

    fn scalar(&mut self, indent: usize) {
        let lines = if self.dice.one_in(3) { 1 + self.dice.below(4) } else { 1 };
        match self.dice.below(4) {
            0 => {
                self.out.push('\'');
                for line in 0..lines {
                    if line > 0 {
                        self.fold(indent, 0);
                    }
                    let text = self.dice.pick(QUOTED).replace('\'', "''");
                    self.out.push_str(&text);
                    if self.dice.one_in(8) {
                        self.out.push_str("''");
                    }
                }
                if self.dice.one_in(4) {
                    self.fold(indent, 0);
                }
                self.out.push('\'');
            }
            1 => {
                self.out.push('"');
                for line in 0..lines {
                    if line > 0 {
                        if self.dice.one_in(3) {
                            self.out.push('\\');
                        }
                        self.fold(indent, 0);
                    }
                    self.out.push_str(self.dice.pick(QUOTED));
                    self.out.push_str(self.dice.pick(&["", "", "", "\\n", "\\\"", "\\t", "\\u00e9", "\\/", "\\ "]));
                }
                if self.dice.one_in(4) {
                    self.fold(indent, 0);
                }
                self.out.push('"');
            }
            _ => {
                for line in 0..lines {
                    if line > 0 {
                        let least = if self.dice.one_in(6) { indent } else { indent + 1 };
                        self.fold(indent, least);
                    }
                    self.out.push_str(self.dice.pick(WORDS));
                }
            }
        }
    }

    fn block_scalar(&mut self, indent: usize) {
        self.out.push_str(self.dice.pick(GAPS));
        self.out.push_str(self.dice.pick(&["|", "|", ">"]));
        let step = 1 + self.dice.below(3);
        let column = indent + step;
        let explicit = self.dice.one_in(6);
        let chomp = self.dice.pick(&["", "", "-", "+"]);
        if explicit && self.dice.one_in(2) {
            self.out.push_str(&format!("{step}{chomp}"));
        } else if explicit {
            self.out.push_str(&format!("{chomp}{step}"));
        } else {
            self.out.push_str(chomp);
        }
        self.out.push_str(self.dice.pick(&["\n", "\n", "\n", " \n", " # aside\n", "\t\n"]));
        for _ in 0..self.dice.below(5) {
            match self.dice.below(8) {
                0 => self.out.push('\n'),
                1 => {
                    let blank = self.dice.below(column + 1);
                    self.pad(blank);
                    self.out.push('\n');
                }
                2 if explicit => {
                    self.pad(column + 1);
                    self.out.push_str("more\n");
                }
                3 => {
                    self.pad(column);
                    self.out.push_str(self.dice.pick(&[
                        "\ttab\n",
                        "# none\n",
                        "--- x\n",
                        "{{ x }}\n",
                        "a: b\n",
                        "- x  \n",
                    ]));
                }
                _ => {
                    self.pad(column);
                    self.out.push_str("line\n");
                }
            }
        }
        if self.dice.one_in(8) {
            let least = self.dice.below(indent + 1);
            self.pad(least);
            self.out.push_str("# after the text\n");
        }
    }

    /// White space inside a flow collection: any line break, any column.
    fn flow_gap(&mut self) {
        match self.dice.below(20) {
            0 => self.out.push_str("  "),
            1 => {
                self.out.push_str(self.dice.pick(&["\n", " # aside\n", "\n\n"]));
                let column = self.dice.below(8);
                self.pad(column);
            }
            2 => self.out.push('\t'),
            3..=6 => self.out.push(' '),
            _ => {}
        }
    }

    fn flow(&mut self, depth: usize) {
        let map = self.dice.one_in(2);
        self.out.push(if map { '{' } else { '[' });
        let count = self.dice.below(4);
        for number in 0..count {
            self.flow_gap();
            let name = format!("f{number}");
            if map {
                match self.dice.below(8) {
                    0 => self.out.push_str(&name),
                    1 => self.out.push_str(&format!("{name}:")),
                    2 => {
                        self.out.push_str(&format!("\"{name}\":"));
                        self.flow_value(depth);
                    }
                    3 => {
                        self.out.push_str(&format!("? {name} : "));
                        self.flow_value(depth);
                    }
                    4 => {
                        self.out.push_str(&format!("'{name}' : "));
                        self.flow_value(depth);
                    }
                    _ => {
                        self.out.push_str(&format!("{name}: "));
                        self.flow_value(depth);
                    }
                }
            } else {
                if self.dice.one_in(8) {
                    self.out.push_str(&format!("{name}: "));
                }
                self.flow_value(depth);
            }
            self.flow_gap();
            if number + 1 < count || self.dice.one_in(5) {
                self.out.push(',');
            }
        }
        self.flow_gap();
        self.out.push(if map { '}' } else { ']' });
    }

    fn flow_value(&mut self, depth: usize) {
        match self.dice.below(if depth > 5 { 6 } else { 8 }) {
            0 => self.scalar(0),
            1 => self.out.push_str(self.dice.pick(&["''", "\"\"", "'a''b'", "\"{{ x }}\""])),
            2 => {
                // A plain scalar over two lines.
                self.out.push_str("one\n");
                let column = self.dice.below(6);
                self.pad(column);
                self.out.push_str("two");
            }
            3..=5 => self.out.push_str(self.dice.pick(&["a", "b-c", "x y", "http://h/p", "a?b"])),
            _ => self.flow(depth + 1),
        }
    }
}

const TOKENS: &[&str] = &[
    "---\n", "...\n", "{{", "}}", "#", " #", "*n0", "&n0 ", "- ", ": ", ":", "\t", "\r", "\u{feff}", "'", "\"", "|\n",
    ">\n", "[", "]", "{", "}", "!x ", "!!str ", "é", ",", "?", "? ", "%TAG\n", "%", "@", "`", "\n", " ", "\\",
    "\u{7f}", "\u{1}", "word", "key: ", "=", "!", "|", ">", "-", "---", "--- ", "... ", "\n\n",
];

/// The text with one thing wrong, or at least odd.
fn damaged(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let at = dice.below(lines.len());
    match dice.below(6) {
        0 => {
            lines.remove(at);
        }
        1 => {
            if let Some(line) = lines.get(at).cloned() {
                lines.insert(at, line);
            }
        }
        2 => {
            if let Some(line) = lines.get_mut(at) {
                line.insert_str(0, dice.pick(&[" ", "  ", "\t", "- "]));
            }
        }
        3 => {
            if let Some(line) = lines.get_mut(at)
                && line.starts_with(' ')
            {
                line.remove(0);
            }
        }
        _ => {
            let mut text = text.to_owned();
            let at = text.floor_char_boundary(dice.below(text.len() + 1));
            text.insert_str(at, dice.pick(TOKENS));
            return text;
        }
    }
    lines.concat()
}
