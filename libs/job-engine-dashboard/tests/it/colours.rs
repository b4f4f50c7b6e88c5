//! The colours of the style sheet can be read by everyone.

const STYLES: &str = include_str!("../../assets/styles/colours.css");

/// WCAG 2.2 AA for text of normal size.
const ENOUGH: f64 = 4.5;

/// The token's colours, light and dark.
fn token(name: &str) -> [&'static str; 2] {
    let start = format!("--{name}: light-dark(");
    let from = STYLES
        .find(&start)
        .unwrap_or_else(|| panic!("no token {name}"))
        + start.len();
    let pair = STYLES[from..].split(')').next().unwrap_or_default();
    let (light, dark) = pair.split_once(", ").expect("a token has two colours");
    [light, dark]
}

fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let byte = u8::from_str_radix(&colour[at..at + 2], 16).expect("colours are hexadecimal");
        let value = f64::from(byte) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_text_colour_stands_out_from_every_ground() {
    for text in [
        "text", "muted", "accent", "success", "danger", "warning", "info", "neutral",
    ] {
        for ground in ["surface", "raised", "sunken"] {
            for theme in 0..2 {
                let (text_colour, ground_colour) = (token(text)[theme], token(ground)[theme]);
                let contrast = contrast(text_colour, ground_colour);

                assert!(
                    contrast >= ENOUGH,
                    "{text} on {ground}: {contrast:.2} ({text_colour} on {ground_colour})"
                );
            }
        }
    }
}

#[test]
fn black_on_white_has_the_highest_contrast() {
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.001);
}
