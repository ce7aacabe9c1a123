//! Rows of three cells as a table; on a narrow terminal each row as a small paragraph.

/// Below this many columns the cells stand under each other.
const WIDE_ENOUGH: usize = 90;

/// A table with headings. A row whose last cell is empty goes on with the row before, so no line parts the two.
pub fn render(headings: [&str; 3], rows: &[[String; 3]], width: usize) -> String {
    if width < WIDE_ENOUGH { paragraphs(rows, width) } else { columns(headings, rows, width) }
}

/// A paragraph.
pub fn prose(text: &str, width: usize) -> String {
    wrap(text, width).into_iter().map(|line| line + "\n").collect()
}

fn columns(headings: [&str; 3], rows: &[[String; 3]], width: usize) -> String {
    let longest = |cell: usize| rows.iter().filter_map(|row| row.get(cell)).map(|text| text.chars().count()).max();
    let first = longest(0).unwrap_or_default().clamp(10, width * 3 / 10);
    let second = longest(1).unwrap_or_default().clamp(12, width * 3 / 10);
    let third = width.saturating_sub(first + second + 4);
    let mut text = String::new();
    let mut line = |cells: [&str; 3]| {
        let [a, b, c] = cells;
        let row = format!("{a:first$}  {b:second$}  {c}");
        text.push_str(row.trim_end());
        text.push('\n');
    };
    line(headings);
    for (index, [a, b, c]) in rows.iter().enumerate() {
        if index > 0 && !c.is_empty() {
            line(["", "", ""]);
        }
        let (a, b, c) = (wrap(a, first), wrap(b, second), wrap(c, third));
        let at = |cell: &[String], index: usize| cell.get(index).cloned().unwrap_or_default();
        for index in 0..a.len().max(b.len()).max(c.len()) {
            line([&at(&a, index), &at(&b, index), &at(&c, index)]);
        }
    }
    text
}

fn paragraphs(rows: &[[String; 3]], width: usize) -> String {
    let mut text = String::new();
    for (index, [a, b, c]) in rows.iter().enumerate() {
        if index > 0 && !c.is_empty() {
            text.push('\n');
        }
        let mut cell = |indent: &str, lead: &str, cell: &str| {
            for (index, line) in wrap(cell, width.saturating_sub(indent.len() + lead.len())).iter().enumerate() {
                let lead = if index == 0 { lead.to_owned() } else { " ".repeat(lead.len()) };
                text.push_str(&format!("{indent}{lead}{line}\n"));
            }
        };
        cell("", "", a);
        cell("  ", "-> ", b);
        cell("  ", "", c);
    }
    text
}

/// Words on lines of at most `width` characters; a word that is longer is cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        let fits = |line: &String| line.chars().count() + 1 + letters.len() <= width;
        match lines.last_mut().filter(|line| fits(line)) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.extend(letters.chunks(width).map(|piece| piece.iter().collect::<String>())),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<[String; 3]> {
        let row = |a: &str, b: &str, c: &str| [a.to_owned(), b.to_owned(), c.to_owned()];
        vec![
            row("rules[*].methods", "operation.methods", "Methods mean the same on both sides."),
            row("rules[*].notMethods", "operation.notMethods", ""),
            row(
                "rules[*].a-field-with-a-name-that-is-longer-than-any-column-there-is",
                "left out",
                "It was never read.",
            ),
        ]
    }

    #[test]
    fn a_wide_terminal_gets_columns_and_no_line_is_longer_than_it() {
        let text = render(["OLD FIELD", "WHAT BECOMES OF IT", "WHY"], &rows(), 100);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        let first: Vec<&str> = text.lines().take(4).collect();
        assert_eq!(
            first,
            [
                "OLD FIELD                       WHAT BECOMES OF IT    WHY",
                "rules[*].methods                operation.methods     Methods mean the same on both sides.",
                "rules[*].notMethods             operation.notMethods",
                "",
            ]
        );
    }

    #[test]
    fn a_narrow_terminal_gets_paragraphs() {
        let text = render(["", "", ""], &rows(), 40);
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert!(
            text.starts_with("rules[*].methods\n  -> operation.methods\n  Methods mean the same on both sides.\n"),
            "{text}"
        );
    }
}
