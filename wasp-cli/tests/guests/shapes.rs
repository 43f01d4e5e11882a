//! Functions in modules of their own.

wasp_guest::export_module! {
    /// Measures a rectangle.
    pub fn area(width: u32, height: u32) -> u32 {
        width * height
    }
}

pub mod round {
    wasp_guest::export_module! {
        fn circumference(radius: f64) -> f64 {
            2.0 * std::f64::consts::PI * radius
        }
    }
}
