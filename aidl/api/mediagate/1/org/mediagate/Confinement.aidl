// Frozen. Nobody edits this file: it is written from the interface's own.
package org.mediagate;
parcelable Confinement {
    @nullable @utf8InCpp String[] capabilities;
    boolean noNewPrivileges;
    int landlock;
    boolean seccomp;
    @nullable @utf8InCpp String[] missing;
}
