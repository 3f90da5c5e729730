//! Pages of SNS by their addresses.

use super::lock;
use crate::error::PortError;
use crate::sns_pages::{SnsAddress, SnsPages};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What stands where; everything else can not be reached.
#[derive(Debug, Default)]
pub struct MemorySnsPages {
    pages: Mutex<BTreeMap<String, Vec<u8>>>,
    asked: Mutex<Vec<String>>,
}

impl MemorySnsPages {
    /// Puts a page there; none takes it away.
    pub fn put(&self, url: &str, page: Option<&[u8]>) {
        let mut pages = lock(&self.pages);
        match page {
            Some(page) => pages.insert(url.to_owned(), page.to_vec()),
            None => pages.remove(url),
        };
    }

    /// Every address that was asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.asked).clone()
    }
}

#[async_trait]
impl SnsPages for MemorySnsPages {
    async fn get(&self, address: &SnsAddress, most: usize) -> Result<Vec<u8>, PortError> {
        lock(&self.asked).push(address.url().to_owned());
        match lock(&self.pages).get(address.url()) {
            Some(page) if page.len() <= most => Ok(page.clone()),
            Some(_) => Err(PortError::Final { port: "sns pages", reason: "the page is too large".to_owned() }),
            None => Err(PortError::Transient { port: "sns pages", reason: "no connection".to_owned() }),
        }
    }
}
