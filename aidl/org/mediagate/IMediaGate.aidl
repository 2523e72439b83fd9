package org.mediagate;

import org.mediagate.Explanation;
import org.mediagate.FilePage;
import org.mediagate.FileQuery;
import org.mediagate.IMediaObserver;
import org.mediagate.ObserverFilter;
import org.mediagate.PendingFile;

/**
 * What an application may ask of the media gate. The caller is the uid that the kernel reports; it is never an
 * argument, and it gets what its own system calls on the mount would get, nothing more.
 *
 * A path is absolute below the mount point, or relative to the root of the shared volume. Every failure is a
 * ServiceSpecificException with one of IMediaGateAdmin.ERROR_* and a text for a person, which names the errno where the
 * mount answered one: ERROR_NOT_FOUND for ENOENT and ENOTDIR, ERROR_REFUSED for EACCES and EPERM, ERROR_EXISTS for
 * EEXIST, ERROR_LIMIT for EMFILE, ERROR_INVALID for a path that is none, ERROR_FILE_SYSTEM for the rest. A caller has
 * two calls under way at most, of all but `check`; more are ERROR_LIMIT.
 */
interface IMediaGate {
    /** Open for reading. */
    const int MODE_READ = 1;
    /** Open for writing. */
    const int MODE_WRITE = 2;
    /** Empty the file first; with MODE_WRITE only. */
    const int MODE_TRUNCATE = 4;
    /** Each write goes to the end; with MODE_WRITE only. */
    const int MODE_APPEND = 8;

    /**
     * What would happen if the caller did `operation` to `path` now.
     *
     * The answer holds the verdict, the errno and the rule. The facts of the file are left out: they are for
     * administrators. What does not exist for the caller is ERROR_NOT_FOUND, whether it is there or not.
     *
     * @param operation one of the names that `mediagate check --help` lists, such as `read` or `unlink`
     * @param path absolute below a mount point, or relative to the root of the shared volume
     * @param to the new path of a `rename`, null for everything else
     * @throws ServiceSpecificException IMediaGateAdmin.ERROR_*
     */
    Explanation check(in @utf8InCpp String operation, in @utf8InCpp String path,
        in @nullable @utf8InCpp String to);

    /**
     * Opens a file that is there. The descriptor is one of the mount, opened as the caller: whoever may see all of the
     * file reads it at full speed, whoever may not reads it without its private parts, and it counts as one of the
     * caller's open files.
     *
     * @param mode MODE_*, united
     */
    ParcelFileDescriptor open(in @utf8InCpp String path, int mode);

    /**
     * Makes a file that others do not see until it is published as `path`, and opens it for reading and writing. It is
     * removed after seven days unless it is published.
     */
    PendingFile createPending(in @utf8InCpp String path);

    /**
     * Gives a pending file the name that it was made for.
     *
     * @param path the path that createPending answered
     * @return its path now
     */
    @utf8InCpp String publish(in @utf8InCpp String path);

    /** Puts a file into the trash, where it stays for thirty days; returns its path there. */
    @utf8InCpp String trash(in @utf8InCpp String path);

    /**
     * Takes a file out of the trash.
     *
     * @param path the path that trash answered
     * @return its path now; ERROR_EXISTS if another file has that name
     */
    @utf8InCpp String restore(in @utf8InCpp String path);

    /** Removes a file for good. */
    void remove(in @utf8InCpp String path);

    /**
     * Some of the files that the caller may read. A page may hold fewer files than were asked for, or none, and not be
     * the last one: that has no `next`.
     */
    FilePage query(in FileQuery query);

    /**
     * A path, relative to the volume, by which everybody who may read the file reads it without its private parts, its
     * owner too: for handing the file on. It stays the same when the file is renamed.
     */
    @utf8InCpp String redactedPath(in @utf8InCpp String path);

    /**
     * Asks whoever administers for access to files of others that exist for the caller, all or none. The request is for
     * the files that are at the paths now; it ends with the daemon. A caller has eight requests at most; an answered one
     * makes room for a new one.
     *
     * @param paths 1 to 100
     * @param write for writing, too
     * @return the number by which requestState tells the answer
     */
    long requestAccess(in @utf8InCpp String[] paths, boolean write);

    /** How a request of the caller stands: `waiting`, `granted` or `refused`. */
    @utf8InCpp String requestState(long id);

    /** Withdraws a request of the caller; what was granted stays. */
    void cancelRequest(long id);

    /**
     * Has the observer told of each change that the caller could see by `stat`, its own changes included, and of what is
     * given to and taken from the caller. Changes beneath the mount are told of directories in which somebody looked for
     * something. It ends with endObserver, and with the observer's process or session. ERROR_LIMIT for more than 4 of one
     * uid or 64 of all; ERROR_BUSY while others of the caller, or several, are being begun; ERROR_INVALID for an observer that cannot be called, over RPC one whose session has no incoming
     * connection.
     *
     * @return the observer's number
     */
    long observe(in IMediaObserver observer, in ObserverFilter filter);

    /** Ends an observer of the caller. */
    void endObserver(long id);
}
