//! One model of the result, one renderer per format.
