//! Storage drivers, each over a fresh repository of its own.

mod noop;

mod directory {
    use std::fs;

    use async_trait::async_trait;
    use catalog::storage::{Directory, Storage};
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

    #[async_trait]
    impl Fixture for Tree {
        fn storage(&self) -> &dyn Storage {
            &self.storage
        }

        async fn put(&self, key: &str, body: &[u8]) {
            let path = self.root.path().join(key);
            let parent = path.parent().expect("it lies below the root");
            fs::create_dir_all(parent).expect("directories");
            let part = tempfile::NamedTempFile::new_in(parent).expect("a temporary file");
            fs::write(&part, body).expect("a file");
            part.persist(path).expect("renamed into place");
        }

        async fn remove(&self, key: &str) {
            fs::remove_file(self.root.path().join(key)).expect("it is there");
        }
    }

    storage_suite!(tree());
}

mod memory {
    use catalog::storage::{Storage, memory::Memory};
    use tests::{storage_suite, storage_suite::Fixture};

    struct InMemory(Memory);

    #[async_trait::async_trait]
    impl Fixture for InMemory {
        fn storage(&self) -> &dyn Storage {
            &self.0
        }

        async fn put(&self, key: &str, body: &[u8]) {
            self.0.put(key, body.to_vec());
        }

        async fn remove(&self, key: &str) {
            self.0.remove(key);
        }
    }

    storage_suite!(InMemory(Memory::default()));
}
