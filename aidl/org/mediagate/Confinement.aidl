package org.mediagate;

/** What the daemon's process may do, and no more. */
parcelable Confinement {
    /** The capabilities that it has, as capabilities(7) calls them. */
    @nullable @utf8InCpp String[] capabilities;
    /** Whether neither it nor what it starts can get further privileges. */
    boolean noNewPrivileges;
    /** The version of Landlock that confines it to its files; 0 for none. */
    int landlock;
    /** Whether it is confined to the system calls that it needs. */
    boolean seccomp;
    /** What the kernel could not do, in words. */
    @nullable @utf8InCpp String[] missing;
}
