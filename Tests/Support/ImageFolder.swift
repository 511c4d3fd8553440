import Foundation

/// The folder of real images that NVCIM_DATA names, where it exists.
package let imageFolder: String? = ProcessInfo.processInfo.environment["NVCIM_DATA"].flatMap {
    FileManager.default.fileExists(atPath: $0) ? $0 : nil
}

/// Whether tests that take long run too: `make test-all`.
package let isComplete = ProcessInfo.processInfo.environment["NVCIM_TEST_ALL"] == "1"
