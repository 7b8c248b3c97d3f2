//! Generates the code that is committed in `generated/` from the `.proto` files in `proto/` of the folder that is named, and
//! writes beside it what both were, for the test that looks whether it is fresh.

use std::{error::Error, fs, path::Path};

use sha2::{Digest, Sha256};

const FILES: [&str; 2] = ["discovery.proto", "plugin.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("name the folder of the protocol's crate")?;
    let (proto, generated) = (Path::new(&folder).join("proto"), Path::new(&folder).join("generated"));
    let descriptors = protox::compile(FILES, [&proto])?;
    fs::create_dir_all(&generated)?;
    tonic_prost_build::configure().build_transport(false).bytes(".").out_dir(&generated).compile_fds(descriptors)?;
    let mut sums = String::new();
    for place in [&proto, &generated] {
        let mut files: Vec<_> = fs::read_dir(place)?.collect::<Result<_, _>>()?;
        files.sort_by_key(fs::DirEntry::file_name);
        for file in files.iter().filter(|file| file.file_name() != "SHA256SUMS") {
            let sum = Sha256::digest(fs::read(file.path())?);
            let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
            let place = place.file_name().unwrap_or_default().display();
            sums += &format!("{sum}  {place}/{}\n", file.file_name().display());
        }
    }
    fs::write(generated.join("SHA256SUMS"), sums)?;
    Ok(())
}
