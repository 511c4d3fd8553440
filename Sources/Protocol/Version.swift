/// The version of every program of the package. The wire and the store have
/// numbers of their own, because they change for other reasons.
public let nvcimVersion = "0.1.0"

/// The version of the wire that this code speaks (rule W-3).
public let wireVersion: UInt32 = 1

#if _endian(big)
    #error("tensor frames are little-endian and are read in place")
#endif
