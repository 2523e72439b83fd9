package org.mediagate;

import org.mediagate.FoundFile;

/** Some of the files that were asked for, in the order of their paths, component by component. */
parcelable FilePage {
    /** The files. */
    FoundFile[] files;
    /** Where to go on; null where there are no more. */
    @nullable @utf8InCpp String next;
}
