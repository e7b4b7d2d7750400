import LatchkeyConfine
import Testing

@Suite struct FileAccessTests {
    @Test func readingOpensFilesAndFolders() {
        #expect(FileAccess.read.rights(isFolder: true, abi: 7) == 1 << 2 | 1 << 3)
    }

    @Test func aRuleForASingleFileHasNoRightsOfFolders() {
        #expect(FileAccess.read.rights(isFolder: false, abi: 7) == 1 << 2)
        #expect(FileAccess([.read, .write]).rights(isFolder: false, abi: 7) == 1 << 1 | 1 << 2 | 1 << 14)
    }

    @Test func anOldKernelIsNotAskedForRightsThatItDoesNotKnow() {
        #expect(FileAccess.write.rights(isFolder: true, abi: 7) == 1 << 1 | 1 << 5 | 1 << 8 | 1 << 14)
        #expect(FileAccess.write.rights(isFolder: true, abi: 2) == 1 << 1 | 1 << 5 | 1 << 8)
        #expect(FileAccess.arrange.rights(isFolder: true, abi: 2) & (1 << 13) != 0)
        #expect(FileAccess.arrange.rights(isFolder: true, abi: 1) & (1 << 13) == 0)
    }

    @Test func socketsAreCreatedAndRemovedAndNotWritten() {
        #expect(FileAccess.sockets.rights(isFolder: true, abi: 7) == 1 << 3 | 1 << 5 | 1 << 9)
    }
}
