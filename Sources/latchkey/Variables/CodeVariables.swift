/// The names of environment variables that make a program run code, or load code from a place that the variable names.
///
/// Whoever may write a secret must not be able to run code in the programs that receive the secrets. So `exec` and
/// `env` omit a field with such a name unless `--only` names it. The list comes from ld.so(8), from sudo's `env_reset`
/// and from each interpreter's manual. Names are compared as bytes: variables are case-sensitive, except npm's.
///
/// Settings of applications are not on the list, although an application may treat one as a program's name.
package enum CodeVariables {
    /// Every name with one of these prefixes.
    package static let prefixes = [
        // Dynamic loaders: glibc and musl, macOS, IRIX and Tru64, AIX.
        "LD_", "DYLD_", "_RLD", "LDR_",
        // Functions that bash imports.
        "BASH_FUNC_",
        // Git's settings in the environment, among them core.sshCommand and core.pager.
        "GIT_CONFIG",
        // Lua adds its version to these: LUA_INIT_5_4.
        "LUA_INIT", "LUA_PATH", "LUA_CPATH",
        // .NET's profilers and shared stores.
        "CORECLR_PROFILER", "COR_PROFILER", "DOTNET_STARTUP_HOOKS", "DOTNET_ROOT",
        "GST_PLUGIN_", "GST_REGISTRY", "TS_NODE_", "__EGL_VENDOR_LIBRARY_",
    ]

    /// Every name with one of these suffixes: a tool's own form of `EDITOR`, of Java's options and so on.
    package static let suffixes = [
        "_ASKPASS", "_BROWSER", "_EDITOR", "_PAGER", "_SSH_COMMAND", "_JAVA_OPTS", "_JAVA_OPTIONS", "_JVM_ARGS",
        "_JVM_OPTS", "_RUSTC_WRAPPER",
    ]

    /// Full names, grouped by the program that reads them.
    package static let names: Set<String> = Set(groups.flatMap(\.names))

    /// ``names`` in the groups that the documentation shows.
    package static let groups: [(title: String, names: [String])] = [
        (
            "C library and loader",
            [
                "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES", "LIBPATH", "LOCALDOMAIN", "LOCPATH",
                "MALLOC_TRACE", "NIS_PATH", "NLSPATH", "PATH_LOCALE", "RESOLV_HOST_CONF", "RES_OPTIONS", "SHLIB_PATH",
                "TERMCAP", "TERMINFO", "TERMINFO_DIRS", "TERMPATH", "TZDIR",
            ]
        ),
        (
            "Shells",
            [
                "BASHOPTS", "BASH_ENV", "BASH_LOADABLES_PATH", "CDPATH", "ENV", "EXECIGNORE", "FCEDIT", "FPATH",
                "GLOBIGNORE", "HOME", "IFS", "INPUTRC", "MAILPATH", "NULLCMD", "PATH", "PROMPT_COMMAND", "PS0", "PS1",
                "PS2", "PS4", "READNULLCMD", "SHELL", "SHELLOPTS", "TMPPREFIX", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME",
                "XDG_DATA_DIRS", "XDG_DATA_HOME", "ZDOTDIR", "fish_function_path",
            ]
        ),
        (
            "Python",
            [
                "COVERAGE_PROCESS_START", "GUNICORN_CMD_ARGS", "IPYTHONDIR", "JUPYTER_CONFIG_DIR",
                "JUPYTER_CONFIG_PATH", "JUPYTER_PATH", "PIP_CONFIG_FILE", "PYTEST_ADDOPTS", "PYTEST_PLUGINS",
                "PYTHONBREAKPOINT", "PYTHONCASEOK", "PYTHONEXECUTABLE", "PYTHONHOME", "PYTHONINSPECT", "PYTHONPATH",
                "PYTHONPLATLIBDIR", "PYTHONPYCACHEPREFIX", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONWARNINGS",
                "PYTHON_PRESITE",
            ]
        ),
        (
            "Node",
            [
                "BUN_INSPECT_PRELOAD", "BUN_OPTIONS", "ELECTRON_RUN_AS_NODE", "NODE_OPTIONS", "NODE_PATH",
                "NODE_REPL_EXTERNAL_MODULE", "YARN_IGNORE_PATH", "YARN_PLUGINS", "YARN_RC_FILENAME", "YARN_YARN_PATH",
            ]
        ),
        (
            "Perl",
            [
                "PERL5DB", "PERL5LIB", "PERL5OPT", "PERL5SHELL", "PERLDB_OPTS", "PERLIO", "PERLIO_DEBUG", "PERLLIB",
                "PERL_LOCAL_LIB_ROOT", "PERL_MB_OPT", "PERL_MM_OPT",
            ]
        ),
        (
            "Ruby",
            [
                "BUNDLER_SETUP", "BUNDLE_APP_CONFIG", "BUNDLE_BIN_PATH", "BUNDLE_GEMFILE", "BUNDLE_PATH",
                "BUNDLE_USER_CONFIG", "BUNDLE_USER_HOME", "GEM_HOME", "GEM_PATH", "IRBRC", "PRYRC", "RUBYGEMS_GEMDEPS",
                "RUBYLIB", "RUBYOPT", "RUBYPATH", "RUBYSHELL",
            ]
        ),
        (
            "Java",
            [
                "ANT_ARGS", "ANT_OPTS", "CATALINA_OPTS", "CLASSPATH", "GRADLE_OPTS", "GRADLE_USER_HOME",
                "JAVACMD", "JAVA_ARGS", "JAVA_OPTIONS", "JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVAC_OPTIONS",
                "JDK_JAVA_OPTIONS", "JRUBY_OPTS", "JVM_ARGS", "JVM_OPTS", "KAFKA_OPTS", "MAVEN_ARGS", "MAVEN_OPTS",
                "SBT_OPTS", "_JAVA_OPTIONS",
            ]
        ),
        (
            ".NET and Mono",
            [
                "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", "CORECLR_ENABLE_PROFILING", "COR_ENABLE_PROFILING",
                "DOTNET_ADDITIONAL_DEPS", "DOTNET_DiagnosticPorts", "DOTNET_HOSTINGSTARTUPASSEMBLIES",
                "DOTNET_SHARED_STORE", "MONO_CONFIG", "MONO_ENV_OPTIONS", "MONO_GAC_PREFIX", "MONO_PATH",
            ]
        ),
        (
            "Other interpreters",
            [
                "AWKLIBPATH", "AWKPATH", "CAML_LD_LIBRARY_PATH", "ELIXIR_ERL_OPTIONS", "EMACSDATA", "EMACSLOADPATH",
                "ERL_AFLAGS", "ERL_FLAGS", "ERL_INETRC", "ERL_LIBS", "ERL_ZFLAGS", "EXINIT", "GHCRTS",
                "GHC_ENVIRONMENT", "GHC_PACKAGE_PATH", "GUILE_LOAD_COMPILED_PATH", "GUILE_LOAD_PATH", "GVIMINIT",
                "JULIA_DEPOT_PATH", "JULIA_LOAD_PATH", "JULIA_PROJECT", "MYVIMRC", "OCTAVE_PATH",
                "OCTAVE_SITE_INITFILE", "PHPRC", "PHP_INI_SCAN_DIR", "PLTADDONDIR", "PLTCOLLECTS", "R_DEFAULT_PACKAGES",
                "R_ENVIRON", "R_ENVIRON_USER", "R_HOME", "R_LIBS", "R_LIBS_SITE", "R_LIBS_USER", "R_PROFILE",
                "R_PROFILE_USER", "TCLLIBPATH", "TCL_LIBRARY", "TK_LIBRARY", "VIMINIT", "VIMRUNTIME",
            ]
        ),
        (
            "Libraries that load modules",
            [
                "ALSA_CONFIG_PATH", "CUDA_INJECTION32_PATH", "CUDA_INJECTION64_PATH", "DBUS_SESSION_BUS_ADDRESS",
                "DBUS_STARTER_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS", "GDK_PIXBUF_MODULEDIR", "GDK_PIXBUF_MODULE_FILE",
                "GIO_EXTRA_MODULES", "GIO_MODULE_DIR", "GI_TYPELIB_PATH", "GTK_EXE_PREFIX", "GTK_IM_MODULE_FILE",
                "GTK_MODULES", "GTK_PATH", "GTK_RC_FILES", "KRB5_CONFIG", "LIBGL_DRIVERS_PATH", "LIBMYSQL_PLUGINS",
                "LIBMYSQL_PLUGIN_DIR", "LIBVA_DRIVERS_PATH", "OCL_ICD_VENDORS", "ODBCINI", "ODBCINSTINI", "ODBCSYSINI",
                "OMP_TOOL_LIBRARIES", "OPENSSL_CONF", "OPENSSL_CONF_INCLUDE", "OPENSSL_ENGINES", "OPENSSL_MODULES",
                "QML2_IMPORT_PATH", "QML_IMPORT_PATH", "QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH", "SASL_PATH",
                "SSLKEYLOGFILE", "VDPAU_DRIVER_PATH", "VK_ADD_LAYER_PATH", "VK_DRIVER_FILES", "VK_ICD_FILENAMES",
                "VK_LAYER_PATH",
            ]
        ),
        (
            "Compilers and builds",
            [
                "CARGO_BUILD_RUSTC", "CARGO_ENCODED_RUSTFLAGS", "CARGO_HOME", "CC", "CMAKE_TOOLCHAIN_FILE",
                "COMPILER_PATH", "CPATH", "CPLUS_INCLUDE_PATH", "CXX", "C_INCLUDE_PATH", "GCC_EXEC_PREFIX",
                "GNUMAKEFLAGS", "GOENV", "GOFLAGS", "GOROOT", "GOTOOLCHAIN", "GOTOOLDIR", "LIBRARY_PATH", "MAKEFILES",
                "MAKEFLAGS", "MAKESHELL", "MFLAGS", "NIX_CONFIG", "NIX_PATH", "PKG_CONFIG", "PKG_CONFIG_PATH", "RUSTC",
                "RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER", "RUSTDOC", "RUSTDOCFLAGS", "RUSTFLAGS", "RUSTUP_HOME",
                "RUSTUP_TOOLCHAIN",
            ]
        ),
        (
            "Tools that start other programs",
            [
                "ANSIBLE_CONFIG", "ANSIBLE_LIBRARY", "BROWSER", "CVS_RSH", "EDITOR", "GIT_ALLOW_PROTOCOL",
                "GIT_COMMON_DIR", "GIT_DIR", "GIT_EXEC_PATH", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND", "GIT_SSH",
                "GIT_TEMPLATE_DIR", "HGEDITOR", "HGMERGE", "HGRCPATH", "LESS", "LESSCLOSE", "LESSEDIT",
                "LESSKEY", "LESSKEYIN", "LESSKEY_CONTENT", "LESSOPEN", "MANOPT", "MANPAGER", "MANROFFOPT", "PAGER",
                "PSQLRC", "RSYNC_CONNECT_PROG", "RSYNC_RSH", "SCREENRC", "SVN_SSH", "TAR_OPTIONS", "VISUAL", "WGETRC",
            ]
        ),
    ]

    /// npm settings that name a program or module. npm reads `npm_config_` in any case (npm-config(7)). Its other
    /// settings, such as tokens, are harmless.
    package static let npmSettings: Set<String> = [
        "browser", "editor", "git", "globalconfig", "init_module", "node_gyp", "node_options", "onload_script",
        "prefix", "script_shell", "shell", "userconfig", "viewer",
    ]

    private static let npmPrefix = "npm_config_"

    /// Whether a variable of this name can make a program run code.
    package static func contains(_ name: String) -> Bool {
        names.contains(name) || prefixes.contains { name.utf8.starts(with: $0.utf8) }
            || suffixes.contains { name.utf8.reversed().starts(with: $0.utf8.reversed()) } || isNPMSetting(name)
    }

    /// Whether bash exports a function under this name: `BASH_FUNC_name%%`. A shell cannot use such a name, but
    /// programs pass it on.
    static func isShellFunction(_ name: String) -> Bool {
        name.utf8.starts(with: "BASH_FUNC_".utf8)
    }

    private static func isNPMSetting(_ name: String) -> Bool {
        let lower = name.lowercased()
        guard lower.utf8.starts(with: npmPrefix.utf8) else { return false }
        let setting = lower.dropFirst(npmPrefix.count).map { $0 == "-" ? "_" : $0 }
        return npmSettings.contains(String(setting))
    }
}
