//! Storage drivers, each over a fresh repository of its own.

mod noop;

mod directory {
    use std::fs;

    use catalog::storage::{Directory, Storage};
    use futures::{FutureExt, future, future::BoxFuture};
    use tempfile::TempDir;
    use tests::{storage_suite, storage_suite::Fixture};

    struct Tree {
        root: TempDir,
        storage: Directory,
    }

    fn tree() -> Tree {
        let root = tempfile::tempdir().expect("a temporary directory");
        let storage = Directory::new(root.path());
        Tree { root, storage }
    }

    impl Fixture for Tree {
        fn storage(&self) -> &dyn Storage {
            &self.storage
        }

        fn put<'a>(&'a self, key: &'a str, body: &'a [u8]) -> BoxFuture<'a, ()> {
            let path = self.root.path().join(key);
            let parent = path.parent().expect("it lies below the root");
            fs::create_dir_all(parent).expect("directories");
            let part = tempfile::NamedTempFile::new_in(parent).expect("a temporary file");
            fs::write(&part, body).expect("a file");
            part.persist(path).expect("renamed into place");
            future::ready(()).boxed()
        }

        fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()> {
            fs::remove_file(self.root.path().join(key)).expect("it is there");
            future::ready(()).boxed()
        }
    }

    storage_suite!(tree());
}

mod memory {
    use catalog::storage::{Storage, memory::Memory};
    use futures::{FutureExt, future, future::BoxFuture};
    use tests::{storage_suite, storage_suite::Fixture};

    struct InMemory(Memory);

    impl Fixture for InMemory {
        fn storage(&self) -> &dyn Storage {
            &self.0
        }

        fn put<'a>(&'a self, key: &'a str, body: &'a [u8]) -> BoxFuture<'a, ()> {
            self.0.put(key, body.to_vec());
            future::ready(()).boxed()
        }

        fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()> {
            self.0.remove(key);
            future::ready(()).boxed()
        }
    }

    storage_suite!(InMemory(Memory::default()));
}
