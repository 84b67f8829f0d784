//! Images: their facts, pulling, and the user who owns their data directory.

use std::time::Duration;

use bollard::{
    Docker,
    errors::Error,
    models::ImageInspect,
    query_parameters::{
        CreateImageOptionsBuilder, DownloadFromContainerOptionsBuilder,
        RemoveContainerOptionsBuilder,
    },
};
use catalog::ledger::Reason;
use futures::StreamExt;
use tokio::time::timeout;

use super::{client::trouble, owners::Owners, shape::Shape};
use crate::runtime::{ImageFacts, Pull, SandboxError};

/// Most bytes of an archive that are read to find one header.
const ARCHIVE_HEAD_BYTES_MAX: usize = 64 * 1024;

/// Returns the facts of one configured image; `present` is false if the engine does not have it.
pub(super) async fn facts(docker: &Docker, image: &str) -> Result<ImageFacts, SandboxError> {
    let inspected = inspect(docker, image).await?;
    let present = inspected.is_some();
    let inspected = inspected.unwrap_or_default();
    let env = inspected
        .config
        .and_then(|config| config.env)
        .unwrap_or_default();
    let is_version = |text: &String| {
        text.split_once('=').is_some_and(|(name, _)| {
            ["_VERSION", "_EDITION", "_TARBALL"]
                .iter()
                .any(|it| name.ends_with(it))
        })
    };
    Ok(ImageFacts {
        image: image.to_owned(),
        id: inspected.id,
        present,
        version_texts: env.into_iter().filter(is_version).collect(),
    })
}

/// Returns the image as it lies in the engine, pulled first where `pull` asks for it.
pub(super) async fn ensure(
    docker: &Docker,
    image: &str,
    pull: Pull,
    limit: Duration,
) -> Result<ImageInspect, SandboxError> {
    if pull != Pull::Always
        && let Some(present) = inspect(docker, image).await?
    {
        return Ok(present);
    }
    if pull == Pull::Never {
        let hint = format!("Run docker pull {image}, or set verifier.pull: missing.");
        return Err(unavailable(
            image,
            "is absent and verifier.pull is never",
            &hint,
        ));
    }
    match timeout(limit, pull_image(docker, image)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            let said = format!("could not be pulled: {error}");
            return Err(unavailable(image, &said, PULL_HINT).caused_by(error));
        }
        Err(_) => {
            let said = format!("was not pulled within {} s", limit.as_secs());
            return Err(unavailable(image, &said, PULL_HINT));
        }
    }
    let pulled = inspect(docker, image).await?;
    pulled.ok_or_else(|| unavailable(image, "is absent after it was pulled", PULL_HINT))
}

const PULL_HINT: &str =
    "Check the name and the way to its registry, or load it by hand with docker load.";

fn unavailable(image: &str, said: &str, hint: &str) -> SandboxError {
    let message = format!("docker: image {image} {said}\nhint: {hint}");
    SandboxError::new(Reason::ImageUnavailable, message)
}

async fn inspect(docker: &Docker, image: &str) -> Result<Option<ImageInspect>, SandboxError> {
    match docker.inspect_image(image).await {
        Ok(found) => Ok(Some(found)),
        Err(Error::DockerResponseServerError {
            status_code: 404, ..
        }) => Ok(None),
        Err(error) => Err(trouble(&format!("inspecting image {image}"), error)),
    }
}

async fn pull_image(docker: &Docker, image: &str) -> Result<(), Error> {
    // Without a tag the engine would pull every tag there is.
    let tagged = image
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains([':', '@']));
    let name = if tagged {
        image.to_owned()
    } else {
        format!("{image}:latest")
    };
    let options = CreateImageOptionsBuilder::new().from_image(&name).build();
    let mut progress = docker.create_image(Some(options), None, None);
    while let Some(step) = progress.next().await {
        step?;
    }
    Ok(())
}

/// Returns the user that commands run as: the image's own, unless that is root; else the owner of
/// the data directory. Official images switch to this owner in an entry point that sandboxes do not
/// run. Errs if the owner is root, too.
pub(super) async fn user(
    docker: &Docker,
    image: &ImageInspect,
    shape: &Shape<'_>,
    owners: &Owners,
) -> Result<String, SandboxError> {
    let own = image
        .config
        .as_ref()
        .and_then(|config| config.user.clone())
        .unwrap_or_default();
    if !matches!(own.split(':').next(), None | Some("" | "0" | "root")) {
        return Ok(own);
    }
    let id = image.id.clone().unwrap_or_default();
    let data_dir = &shape.spec.data_dir;
    let known = owners.known(&id, data_dir);
    let owner = match known {
        Some(known) => Some(known),
        None => owner_of(docker, shape).await?,
    };
    match owner {
        Some((user, group)) if user != 0 => {
            if known.is_none() && !id.is_empty() {
                owners.keep(&id, data_dir, (user, group));
            }
            Ok(format!("{user}:{group}"))
        }
        _ => Err(SandboxError::new(
            Reason::NoImage,
            format!(
                "docker: directory {data_dir} of image {id} belongs to root or does not exist, \
                 and sandboxes never run as root\nhint: Use an image whose data directory \
                 belongs to its own user, as the official ones do."
            ),
        )),
    }
}

/// Returns user and group that own the data directory in an image. They are read from a container
/// that is never started: nothing of the image runs as root, not even `stat`.
async fn owner_of(docker: &Docker, shape: &Shape<'_>) -> Result<Option<(u32, u32)>, SandboxError> {
    let said = |error| trouble("looking at the owner of the data directory", error);
    let made = docker.create_container(None, shape.unstarted()).await;
    let container = made.map_err(said)?.id;
    let options = DownloadFromContainerOptionsBuilder::new()
        .path(&shape.spec.data_dir)
        .build();
    let mut archive = docker.download_from_container(&container, Some(options));
    let mut head = Vec::new();
    let mut owner = None;
    while owner.is_none() && head.len() < ARCHIVE_HEAD_BYTES_MAX {
        let Some(Ok(bytes)) = archive.next().await else {
            break;
        };
        head.extend_from_slice(&bytes);
        owner = tar_owner(&head);
    }
    drop(archive);
    let remove = RemoveContainerOptionsBuilder::new()
        .force(true)
        .v(true)
        .build();
    docker
        .remove_container(&container, Some(remove))
        .await
        .map_err(said)?;
    Ok(owner)
}

/// Owner of the first member of a tar archive (POSIX ustar: uid at 108, gid at 116, size at 124,
/// type at 156; `x` and `g` are extended headers before it).
fn tar_owner(mut archive: &[u8]) -> Option<(u32, u32)> {
    const BLOCK: usize = 512;
    let octal = |field: &[u8]| {
        let text = std::str::from_utf8(field).ok()?;
        u32::from_str_radix(text.trim_matches([' ', '\0']), 8).ok()
    };
    loop {
        let header = archive.get(..BLOCK)?;
        if !matches!(header[156], b'x' | b'g') {
            return Some((octal(&header[108..116])?, octal(&header[116..124])?));
        }
        let size = usize::try_from(octal(&header[124..136])?).ok()?;
        archive = archive.get(BLOCK + size.div_ceil(BLOCK) * BLOCK..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: u8, uid: &str, gid: &str, size: &str) -> Vec<u8> {
        let mut block = vec![0; 512];
        block[108..108 + uid.len()].copy_from_slice(uid.as_bytes());
        block[116..116 + gid.len()].copy_from_slice(gid.as_bytes());
        block[124..124 + size.len()].copy_from_slice(size.as_bytes());
        block[156] = kind;
        block
    }

    #[test]
    fn the_owner_is_read_from_the_first_member() {
        let directory = header(b'5', "0001747\0", "0001750\0", "00000000000\0");
        assert_eq!(tar_owner(&directory), Some((999, 1000)));
        assert_eq!(tar_owner(&directory[..511]), None);
    }

    #[test]
    fn extended_headers_before_it_are_skipped() {
        let mut archive = header(b'x', "0000000\0", "0000000\0", "00000000024\0");
        archive.extend([b'p'; 512]);
        assert_eq!(tar_owner(&archive), None);
        archive.extend(header(b'5', "0001747\0", "0001747\0", "00000000000\0"));
        assert_eq!(tar_owner(&archive), Some((999, 999)));
    }
}
