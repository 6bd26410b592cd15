//! Rules about names (`ts/kernel/name-rules.ts`): which entries of a directory are left out.

const WORDS: usize = 5;
const CLASS_BYTES: usize = 256;

const KIND: u32 = 0xf;
const BASE_LITERAL: u32 = 0;
const BASE_SUFFIX: u32 = 1;
const BASE_PREFIX: u32 = 2;
const LITERAL: u32 = 3;
const ANCHORED_LITERAL: u32 = 4;
const BASE_WILD: u32 = 5;
// 6: a pattern of several components, the last ones.
const WILD: u32 = 7;
const AFTER_SLASH_WILD: u32 = 8;

const INCLUDE: u32 = 1 << 4;
const DIRECTORY: u32 = 1 << 5;
const NEGATE: u32 = 1 << 6;
const ABSOLUTE: u32 = 1 << 7;
const LEADING_SLASH: u32 = 1 << 8;
const TRAILING_SLASH: u32 = 1 << 9;

// Operations of a pattern. Below: that byte. From `CLASS` on: one of the bytes in a class.
const ANY: u16 = 256;
const STAR: u16 = 257;
const STAR_STAR: u16 = 258;
const NEVER: u16 = 259;
const BROKEN: u16 = 260;
const CLASS: u16 = 512;

#[derive(Clone, Copy, Debug)]
struct Rule {
    bits: u32,
    from: usize,
    to: usize,
    classes: usize,
    components: usize,
}

/// The first rule that matches a name says whether it is left out.
#[derive(Debug)]
pub struct NameRules {
    rules: Vec<Rule>,
    texts: Vec<u8>,
    code: Vec<u16>,
    classes: Vec<u8>,
    prefix: Vec<u8>,
    marks: Vec<Vec<u8>>,
    /// Some rule looks at more than the last component.
    by_path: bool,
}

/// The parts of the packed form.
pub struct PackedRules<'a> {
    pub words: &'a [u32],
    pub texts: &'a [u8],
    pub code: &'a [u16],
    pub classes: &'a [u8],
    pub prefix: &'a [u8],
}

impl NameRules {
    /// `None` where a rule is out of bounds. A directory that holds one of `marks` has more rules than these.
    pub fn new(packed: &PackedRules, marks: Vec<Vec<u8>>) -> Option<Self> {
        let words = packed.words.chunks_exact(WORDS);
        if !words.remainder().is_empty() {
            return None;
        }
        let mut rules = Vec::with_capacity(words.len());
        for word in words {
            let from = word[1] as usize;
            let rule = Rule {
                bits: word[0],
                from,
                to: from.checked_add(word[2] as usize)?,
                classes: word[3] as usize,
                components: word[4] as usize,
            };
            match rule.kind() {
                BASE_LITERAL..=ANCHORED_LITERAL => {
                    packed.texts.get(rule.from..rule.to)?;
                }
                BASE_WILD..=AFTER_SLASH_WILD => {
                    let known = packed.classes.len() / CLASS_BYTES;
                    let code = packed.code.get(rule.from..rule.to)?;
                    let is_known = |&op: &u16| {
                        op <= BROKEN
                            || op >= CLASS && rule.classes + usize::from(op - CLASS) < known
                    };
                    if !code.iter().all(is_known) {
                        return None;
                    }
                }
                _ => return None,
            }
            rules.push(rule);
        }
        Some(NameRules {
            by_path: rules.iter().any(Rule::is_by_path),
            rules,
            texts: packed.texts.to_vec(),
            code: packed.code.to_vec(),
            classes: packed.classes.to_vec(),
            prefix: packed.prefix.to_vec(),
            marks,
        })
    }

    /// A directory that holds it has more rules.
    pub fn is_mark(&self, name: &[u8]) -> bool {
        self.marks.iter().any(|mark| mark == name)
    }
}

impl Rule {
    fn kind(&self) -> u32 {
        self.bits & KIND
    }
    fn has(&self, bit: u32) -> bool {
        self.bits & bit != 0
    }
    fn is_by_path(&self) -> bool {
        !matches!(
            self.kind(),
            BASE_LITERAL | BASE_SUFFIX | BASE_PREFIX | BASE_WILD
        )
    }
}

/// The rules as they hold for the names of one directory.
pub struct RulesIn<'r> {
    rules: &'r NameRules,
    /// What is before a name, and behind it the name at hand.
    path: Vec<u8>,
    dir_bytes: usize,
    /// Names begin with a slash, which is not in `path`.
    is_rooted: bool,
    scratch: Vec<u8>,
}

impl<'r> RulesIn<'r> {
    pub fn new(rules: &'r NameRules, dir: &[u8]) -> Self {
        let is_rooted = dir.first() == Some(&b'/');
        let inner = if is_rooted { &dir[1..] } else { dir };
        let mut path = Vec::new();
        if !inner.is_empty() && inner != b"." {
            path.extend_from_slice(inner);
            path.push(b'/');
        }
        RulesIn {
            rules,
            dir_bytes: path.len(),
            path,
            is_rooted,
            scratch: Vec::new(),
        }
    }

    /// Whether the entry `base` of the directory is left out.
    pub fn leave_out(&mut self, base: &[u8], is_dir: bool) -> bool {
        let rules = self.rules;
        if rules.by_path {
            self.path.truncate(self.dir_bytes);
            self.path.extend_from_slice(base);
        }
        let found = rules
            .rules
            .iter()
            .find(|rule| self.matches(rule, base, is_dir));
        found.is_some_and(|rule| !rule.has(INCLUDE))
    }

    fn matches(&mut self, rule: &Rule, base: &[u8], is_dir: bool) -> bool {
        let negate = rule.has(NEGATE);
        if rule.has(DIRECTORY) && !is_dir {
            return negate;
        }
        self.compares_equal(rule, base, is_dir) != negate
    }

    fn compares_equal(&mut self, rule: &Rule, base: &[u8], is_dir: bool) -> bool {
        let rules = self.rules;
        let kind = rule.kind();
        if kind <= ANCHORED_LITERAL {
            let text = &rules.texts[rule.from..rule.to];
            return match kind {
                BASE_LITERAL => base == text,
                BASE_SUFFIX => base.ends_with(text),
                BASE_PREFIX => base.starts_with(text),
                LITERAL => {
                    let name = self.name(rule);
                    name.ends_with(text)
                        && (name.len() == text.len() || name[name.len() - text.len() - 1] == b'/')
                }
                _ => {
                    let name = self.name(rule);
                    text.len() == name.len() + 1 && text.ends_with(name)
                }
            };
        }
        let pattern = Pattern {
            code: &rules.code[rule.from..rule.to],
            classes: &rules.classes[rule.classes * CLASS_BYTES..],
        };
        if kind == BASE_WILD {
            return pattern.matches(base);
        }
        let name = self.whole_name(rule, is_dir);
        match kind {
            WILD => pattern.matches(name),
            AFTER_SLASH_WILD => pattern.matches_after_slash(name),
            _ => last_components(name, rule.components).is_some_and(|end| pattern.matches(end)),
        }
    }

    fn is_absolute(&self, rule: &Rule) -> bool {
        rule.has(ABSOLUTE) && !self.is_rooted && !self.rules.prefix.is_empty()
    }

    /// The name, made absolute where the rule wants that.
    fn name(&mut self, rule: &Rule) -> &[u8] {
        if !self.is_absolute(rule) {
            return &self.path;
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.rules.prefix);
        self.scratch.extend_from_slice(&self.path);
        &self.scratch
    }

    fn whole_name(&mut self, rule: &Rule, is_dir: bool) -> &[u8] {
        let leads = rule.has(LEADING_SLASH) && !self.is_rooted && !self.is_absolute(rule);
        let trails = rule.has(TRAILING_SLASH) && is_dir;
        if !leads && !trails {
            return self.name(rule);
        }
        let absolute = self.is_absolute(rule);
        self.scratch.clear();
        if leads {
            self.scratch.push(b'/');
        }
        if absolute {
            self.scratch.extend_from_slice(&self.rules.prefix);
        }
        self.scratch.extend_from_slice(&self.path);
        if trails {
            self.scratch.push(b'/');
        }
        &self.scratch
    }
}

/// The last `count` components of a name; `None` where it has fewer.
fn last_components(name: &[u8], count: usize) -> Option<&[u8]> {
    let mut slashes = name
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, &byte)| byte == b'/');
    let mut from = name.len();
    for met in 1..=count {
        match slashes.next() {
            Some((at, _)) => from = at + 1,
            None if met == count => from = 0,
            None => return None,
        }
    }
    Some(&name[from..])
}

/// How a match went; `Never` tells the stars around that going on is useless, `NotHere` a star that ended at a slash.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Matched,
    Mismatch,
    Never,
    NotHere,
}

struct Pattern<'p> {
    code: &'p [u16],
    classes: &'p [u8],
}

impl Pattern<'_> {
    fn matches(&self, text: &[u8]) -> bool {
        self.run(0, text) == Outcome::Matched
    }

    /// All of the text, or all that follows one of its slashes.
    fn matches_after_slash(&self, text: &[u8]) -> bool {
        let mut left = text;
        loop {
            match self.run(0, left) {
                Outcome::Matched => return true,
                Outcome::Never => return false,
                Outcome::Mismatch | Outcome::NotHere => {}
            }
            match left.iter().position(|&byte| byte == b'/') {
                Some(at) => left = &left[at + 1..],
                None => return false,
            }
        }
    }

    fn run(&self, start: usize, text: &[u8]) -> Outcome {
        let mut at = 0;
        for (pc, &op) in self.code.iter().enumerate().skip(start) {
            if op == STAR || op == STAR_STAR {
                return self.run_star(pc + 1, &text[at..], op == STAR_STAR);
            }
            let Some(&byte) = text.get(at) else {
                return Outcome::Never;
            };
            let accepts = match op {
                ANY => byte != b'/',
                BROKEN => return Outcome::Never,
                NEVER => false,
                CLASS.. => {
                    self.classes[usize::from(op - CLASS) * CLASS_BYTES + usize::from(byte)] != 0
                }
                _ => u16::from(byte) == op,
            };
            if !accepts {
                return Outcome::Mismatch;
            }
            at += 1;
        }
        if at == text.len() {
            Outcome::Matched
        } else {
            Outcome::Mismatch
        }
    }

    /// The rest of a match after a star: every length the star may have, shortest first.
    fn run_star(&self, pc: usize, text: &[u8], crosses_slash: bool) -> Outcome {
        let Some(&next) = self.code.get(pc) else {
            return if crosses_slash || !text.contains(&b'/') {
                Outcome::Matched
            } else {
                Outcome::Mismatch
            };
        };
        for (at, &byte) in text.iter().enumerate() {
            let outcome = if next < ANY && u16::from(byte) != next {
                Outcome::Mismatch
            } else {
                self.run(pc, &text[at..])
            };
            if outcome != Outcome::Mismatch {
                if !crosses_slash || outcome != Outcome::NotHere {
                    return outcome;
                }
            } else if !crosses_slash && byte == b'/' {
                return Outcome::NotHere;
            }
        }
        Outcome::Never
    }
}
