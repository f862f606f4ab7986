//! The head of a program for Apple's systems (Mach-O): what it was built for, and whether it is
//! signed or encrypted.

use super::bytes::{big, u32_at};

/// How much of a program is looked at: load commands come first, and take a few KiB.
pub(super) const HEAD: usize = 128 * 1024;

const MAGIC_32: u32 = 0xFEED_FACE;
const MAGIC_64: u32 = 0xFEED_FACF;
const FAT_32: u64 = 0xCAFE_BABE;
const FAT_64: u64 = 0xCAFE_BABF;
const MOST_SLICES: u64 = 16;

const VERSION_MIN_MACOS: u32 = 0x24;
const VERSION_MIN_IOS: u32 = 0x25;
const VERSION_MIN_TVOS: u32 = 0x2F;
const VERSION_MIN_WATCHOS: u32 = 0x30;
const BUILD_VERSION: u32 = 0x32;
const CODE_SIGNATURE: u32 = 0x1D;
const ENCRYPTION_INFO: u32 = 0x21;
const ENCRYPTION_INFO_64: u32 = 0x2C;

/// The program for one kind of processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) arch: &'static str,
    /// None where they lie beyond what was read, or are damaged or missing.
    pub(crate) commands: Option<Commands>,
}

/// What the load commands say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Commands {
    pub(crate) signed: bool,
    pub(crate) encrypted: bool,
    pub(crate) platforms: Vec<Platform>,
}

/// A system that a program runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    Ios,
    Simulator,
    /// By its name.
    Other(&'static str),
    Unknown,
}

impl Platform {
    fn of_number(number: u32) -> Self {
        match number {
            1 => Self::Other("macOS"),
            2 => Self::Ios,
            3 => Self::Other("tvOS"),
            4 => Self::Other("watchOS"),
            6 => Self::Other("Mac Catalyst"),
            7..=9 | 12 => Self::Simulator,
            11 => Self::Other("visionOS"),
            _ => Self::Unknown,
        }
    }
}

/// The slices of the program that begins with these bytes; `None` if it is not a Mach-O program, or
/// for an unknown processor.
pub(super) fn slices(head: &[u8]) -> Option<Vec<Slice>> {
    let magic = big(head, 0, 4)?;
    if magic != FAT_32 && magic != FAT_64 {
        return Some(vec![Slice { arch: arch_of_thin(head)?, commands: commands(head) }]);
    }
    let count = big(head, 4, 4).filter(|count| (1..=MOST_SLICES).contains(count))?;
    // Processor and kind, then offset, size and alignment, of four bytes or of eight.
    let (size, width) = if magic == FAT_32 { (20, 4) } else { (32, 8) };
    let entries = head.get(8..)?.chunks_exact(size).take(usize::try_from(count).ok()?);
    let slices: Option<Vec<_>> = entries.map(|entry| fat_slice(head, entry, width)).collect();
    slices.filter(|slices| slices.len() as u64 == count)
}

fn fat_slice(head: &[u8], entry: &[u8], width: usize) -> Option<Slice> {
    let number = |at| big(entry, at, 4).and_then(|number| u32::try_from(number).ok());
    let arch = arch(number(0)?, number(4)?)?;
    let start = usize::try_from(big(entry, 8, width)?).ok();
    let commands = start.and_then(|start| head.get(start..)).and_then(commands);
    Some(Slice { arch, commands })
}

fn arch_of_thin(head: &[u8]) -> Option<&'static str> {
    let magic = u32_at(head, 0)?;
    let is_program = magic == MAGIC_32 || magic == MAGIC_64;
    is_program.then_some(arch(u32_at(head, 4)?, u32_at(head, 8)?)?)
}

fn arch(processor: u32, kind: u32) -> Option<&'static str> {
    /// The highest byte of the kind has capabilities.
    const KIND: u32 = 0x00FF_FFFF;
    match (processor, kind & KIND) {
        (7, _) => Some("i386"),
        (0x0100_0007, _) => Some("x86_64"),
        (12, 6) => Some("armv6"),
        (12, 9) => Some("armv7"),
        (12, 11) => Some("armv7s"),
        (12, 12) => Some("armv7k"),
        (0x0100_000C, 0 | 1) => Some("arm64"),
        (0x0100_000C, 2) => Some("arm64e"),
        (0x0200_000C, _) => Some("arm64_32"),
        _ => None,
    }
}

/// The commands of a thin program.
fn commands(program: &[u8]) -> Option<Commands> {
    let header = match u32_at(program, 0)? {
        MAGIC_32 => 28,
        MAGIC_64 => 32,
        _ => return None,
    };
    let count = u32_at(program, 16).filter(|count| *count > 0)?;
    let size = usize::try_from(u32_at(program, 20)?).ok()?;
    let mut rest = program.get(header..)?.get(..size)?;
    let mut commands = Commands::default();
    for _ in 0..count {
        let length = usize::try_from(u32_at(rest, 4)?).ok().filter(|length| *length >= 8)?;
        let (command, after) = rest.split_at_checked(length)?;
        commands.note(command)?;
        rest = after;
    }
    Some(commands)
}

impl Commands {
    /// Notes one load command; `None` if it is too short for its kind.
    fn note(&mut self, command: &[u8]) -> Option<()> {
        match u32_at(command, 0)? {
            CODE_SIGNATURE => self.signed = true,
            ENCRYPTION_INFO | ENCRYPTION_INFO_64 => self.encrypted |= u32_at(command, 16)? != 0,
            BUILD_VERSION => self.platform(Platform::of_number(u32_at(command, 8)?)),
            VERSION_MIN_IOS => self.platform(Platform::Ios),
            VERSION_MIN_MACOS => self.platform(Platform::Other("macOS")),
            VERSION_MIN_TVOS => self.platform(Platform::Other("tvOS")),
            VERSION_MIN_WATCHOS => self.platform(Platform::Other("watchOS")),
            _ => {}
        }
        Some(())
    }

    fn platform(&mut self, platform: Platform) {
        if !self.platforms.contains(&platform) {
            self.platforms.push(platform);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const ARM64: (u32, u32) = (0x0100_000C, 0);
    pub(crate) const ARMV7: (u32, u32) = (12, 9);
    pub(crate) const X86_64: (u32, u32) = (0x0100_0007, 3);

    pub(crate) fn command(kind: u32, fields: &[u32]) -> Vec<u8> {
        let length = 8 + 4 * fields.len() as u32;
        [kind, length].iter().chain(fields).flat_map(|number| number.to_le_bytes()).collect()
    }

    pub(crate) fn signature() -> Vec<u8> {
        command(CODE_SIGNATURE, &[0, 0])
    }

    pub(crate) fn platform(number: u32) -> Vec<u8> {
        command(BUILD_VERSION, &[number, 0x000D_0000, 0x0011_0000, 0])
    }

    pub(crate) fn encryption(id: u32) -> Vec<u8> {
        command(ENCRYPTION_INFO_64, &[0x4000, 0x1000, id, 0])
    }

    pub(crate) fn thin((processor, kind): (u32, u32), commands: &[Vec<u8>]) -> Vec<u8> {
        let size: usize = commands.iter().map(Vec::len).sum();
        let is_64 = processor & 0x0100_0000 != 0;
        let magic = if is_64 { MAGIC_64 } else { MAGIC_32 };
        let numbers =
            [magic, processor, kind, 2, commands.len() as u32, size as u32, 0x0020_0085, 0];
        let header = &numbers[..if is_64 { 8 } else { 7 }];
        let mut bytes: Vec<u8> = header.iter().flat_map(|number| number.to_le_bytes()).collect();
        bytes.extend(commands.concat());
        bytes
    }

    pub(crate) fn fat(wide: bool, slices: &[((u32, u32), Vec<u8>)]) -> Vec<u8> {
        let mut head = vec![0xCA, 0xFE, 0xBA, if wide { 0xBF } else { 0xBE }];
        head.extend((slices.len() as u32).to_be_bytes());
        let mut body = Vec::new();
        for ((processor, kind), program) in slices {
            head.extend(processor.to_be_bytes());
            head.extend(kind.to_be_bytes());
            let (offset, size) = (1024 + body.len() as u64, program.len() as u64);
            if wide {
                head.extend([offset.to_be_bytes(), size.to_be_bytes(), [0; 8]].concat());
            } else {
                head.extend(
                    [(offset as u32).to_be_bytes(), (size as u32).to_be_bytes(), [0; 4]].concat(),
                );
            }
            body.extend(program);
        }
        head.resize(1024, 0);
        [head, body].concat()
    }

    fn archs(program: &[u8]) -> Option<Vec<&'static str>> {
        slices(program).map(|slices| slices.iter().map(|slice| slice.arch).collect())
    }

    fn read(program: &[u8]) -> Option<Commands> {
        slices(program)?.remove(0).commands
    }

    #[test]
    fn processors_have_names() {
        for (processor, kind, name) in [
            (7, 3, Some("i386")),
            (0x0100_0007, 3, Some("x86_64")),
            (0x0100_0007, 0x8000_0008, Some("x86_64")),
            (12, 6, Some("armv6")),
            (12, 9, Some("armv7")),
            (12, 11, Some("armv7s")),
            (12, 12, Some("armv7k")),
            (12, 0, None),
            (0x0100_000C, 0, Some("arm64")),
            (0x0100_000C, 1, Some("arm64")),
            (0x0100_000C, 0x8000_0002, Some("arm64e")),
            (0x0100_000C, 3, None),
            (0x0200_000C, 1, Some("arm64_32")),
            (18, 0, None),
        ] {
            assert_eq!(archs(&thin((processor, kind), &[])), name.map(|name| vec![name]));
        }
    }

    #[test]
    fn commands_say_what_it_is() {
        let signed = read(&thin(ARM64, &[platform(2), signature(), encryption(0)])).unwrap();
        assert_eq!(
            signed,
            Commands { signed: true, encrypted: false, platforms: vec![Platform::Ios] }
        );
        let encrypted = read(&thin(ARMV7, &[command(ENCRYPTION_INFO, &[0, 0, 1])])).unwrap();
        assert_eq!(encrypted, Commands { signed: false, encrypted: true, platforms: vec![] });
        for (number, platform_of) in [
            (1, Platform::Other("macOS")),
            (3, Platform::Other("tvOS")),
            (4, Platform::Other("watchOS")),
            (5, Platform::Unknown),
            (6, Platform::Other("Mac Catalyst")),
            (7, Platform::Simulator),
            (9, Platform::Simulator),
            (10, Platform::Unknown),
            (11, Platform::Other("visionOS")),
            (12, Platform::Simulator),
        ] {
            let commands = read(&thin(ARM64, &[platform(number), platform(number)])).unwrap();
            assert_eq!(commands.platforms, [platform_of], "{number}");
        }
        for (kind, platform_of) in [
            (VERSION_MIN_IOS, Platform::Ios),
            (VERSION_MIN_MACOS, Platform::Other("macOS")),
            (VERSION_MIN_TVOS, Platform::Other("tvOS")),
            (VERSION_MIN_WATCHOS, Platform::Other("watchOS")),
        ] {
            let commands = read(&thin(ARM64, &[command(kind, &[0, 0])])).unwrap();
            assert_eq!(commands.platforms, [platform_of]);
        }
    }

    #[test]
    fn slices_keep_their_order() {
        let slices_of =
            [(ARMV7, thin(ARMV7, &[signature()])), (ARM64, thin(ARM64, &[platform(2)]))];
        for wide in [false, true] {
            let program = fat(wide, &slices_of);
            assert_eq!(archs(&program), Some(vec!["armv7", "arm64"]));
            let commands: Vec<_> = slices(&program)
                .unwrap()
                .into_iter()
                .map(|slice| slice.commands.unwrap())
                .collect();
            assert!(commands[0].signed && commands[1].platforms == [Platform::Ios]);
        }
        let many = |count| vec![(ARM64, thin(ARM64, &[])); count];
        assert!(slices(&fat(false, &many(16))).is_some());
        assert!(slices(&fat(false, &many(17))).is_none());
        assert!(slices(&fat(false, &[])).is_none());
    }

    #[test]
    fn commands_out_of_reach_are_unknown_and_the_processor_is_not() {
        let short = thin(ARM64, &[signature(), signature()]);
        for program in [
            thin(ARM64, &[]),
            short[..short.len() - 1].to_vec(),
            thin(ARM64, &[command(CODE_SIGNATURE, &[])[..7].to_vec()]),
            thin(ARM64, &[vec![0x1D, 0, 0, 0, 4, 0, 0, 0]]),
            thin(ARM64, &[vec![0x1D, 0, 0, 0, 9, 0, 0, 0]]),
            thin(ARM64, &[command(ENCRYPTION_INFO, &[0])]),
            fat(false, &[(ARM64, b"other".to_vec())]),
            fat(false, &[(ARM64, thin(ARM64, &[signature()]))])[..1024].to_vec(),
        ] {
            assert_eq!(archs(&program), Some(vec!["arm64"]));
            assert_eq!(read(&program), None);
        }
    }

    #[test]
    fn what_is_no_program_is_unknown() {
        let java = [&[0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 52][..], &[0; 2000]].concat();
        for other in [
            &java[..],
            b"",
            b"\xce\xfa\xed",
            b"\x7fELF and so on",
            b"\xfe\xed\xfa\xce\0\0\0\x0c\0\0\0\x09",
            &fat(false, &[(ARM64, vec![])])[..20],
        ] {
            assert_eq!(slices(other), None);
        }
    }
}
