//! What stands outside the source and has to agree with it.

#[cfg(test)]
mod destination_specs;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod schema;
